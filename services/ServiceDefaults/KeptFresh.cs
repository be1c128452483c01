using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Tendering.ServiceDefaults;

/// <summary>What is wrong with a part of what an operator keeps fresh; what is only overdue still counts.</summary>
public sealed record FreshFault(string Part, string Reason, bool IsOverdue);

/// <summary>How something that an operator keeps fresh is read anew, and what it must be for the process to start (else it throws). Both are asked one after the other.</summary>
public sealed record Fresh<T>(Func<T, DateTimeOffset, IEnumerable<FreshFault>> Read, Action<T> RequireUsable);

/// <summary>Reads what an operator keeps fresh beside the running process anew each minute, sooner where something new is wrong, and says what is.</summary>
public sealed partial class KeptFresh<T>(T subject, Fresh<T> how, TimeProvider clock, ILogger<KeptFresh<T>> log) : BackgroundService where T : class
{
    private static readonly TimeSpan Every = TimeSpan.FromMinutes(1), Sooner = TimeSpan.FromSeconds(5);
    private FreshFault[] _faults = [];

    /// <summary>False when something is wrong that was not wrong before: a file that is being written is whole in a moment.</summary>
    public bool Read()
    {
        var (before, faults) = (_faults, how.Read(subject, clock.GetUtcNow()).ToArray());
        foreach (var fault in faults) LogFault(log, fault.IsOverdue ? LogLevel.Warning : LogLevel.Error, typeof(T).Name, fault.Part, fault.Reason);
        _faults = faults;
        return !faults.Except(before).Any();
    }

    // A fault in the set-up shows at the start, not when somebody first needs it.
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        Read();
        how.RequireUsable(subject);
        return base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        for (var isAsBefore = false; !stoppingToken.IsCancellationRequested; isAsBefore = TryRead())
            await Task.Delay(isAsBefore ? Every : Sooner, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    // Work goes on with what was read before.
    private bool TryRead()
    {
        try { return Read(); }
        catch (Exception e) { LogFailed(log, typeof(T).Name, e); }
        return false;
    }

    [LoggerMessage(LogLevel.Error, "{Subject} could not be read anew.")]
    private static partial void LogFailed(ILogger log, string subject, Exception e);

    [LoggerMessage(Message = "{Subject}, {Part}: {Reason}")]
    private static partial void LogFault(ILogger log, LogLevel level, string subject, string part, string reason);
}

public static class FreshKeeping
{
    /// <summary>Something that is kept fresh, as a singleton; services of one process share it.</summary>
    public static void AddKeptFresh<T>(this IServiceCollection services, Func<T> make, Fresh<T> how) where T : class
    {
        if (services.Any(s => s.ServiceType == typeof(T))) return;
        services.AddSingleton(make()).AddSingleton(how).AddSingleton<KeptFresh<T>>().AddHostedService(p => p.GetRequiredService<KeptFresh<T>>());
    }
}
