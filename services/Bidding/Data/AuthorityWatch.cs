using Tendering.Protocols;

namespace Tendering.Bidding.Data;

/// <summary>
/// Reads the authorities' revocation lists (<c>Certificates:RevocationLists</c>, which the operator keeps fresh) anew each minute, sooner where something new is wrong, and says what is. An
/// overdue list still counts: refusing every bid at the deadline could not be made good.
/// </summary>
public sealed partial class AuthorityWatch(TrustedAuthorities authorities, IHostEnvironment environment, TimeProvider clock, ILogger<AuthorityWatch> log) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromMinutes(1), Sooner = TimeSpan.FromSeconds(5);

    public static TrustedAuthorities From(IConfiguration configuration) => new(Setting(configuration, "Certificates:TrustedRoots"), Setting(configuration, "Certificates:RevocationLists"),
        Setting(configuration, "Certificates:RootsWithoutLists"));

    private IReadOnlyList<RevocationListFault> _faults = [];

    /// <summary>False when something is wrong that was not wrong before: a file that is being written is whole in a moment.</summary>
    public bool Read()
    {
        var (before, faults) = (_faults, authorities.ReadLists(clock.GetUtcNow()));
        foreach (var fault in faults) LogFault(log, fault.IsOverdue ? LogLevel.Warning : LogLevel.Error, fault.File, fault.Reason);
        _faults = faults;
        return !faults.Except(before).Any();
    }

    // A fault in the set-up shows at the start, not at the first signature.
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        if (authorities.Roots is null && !environment.IsDevelopment()) throw new InvalidOperationException("Certificates:TrustedRoots is not set: a PEM file with the authorities whose certificates may sign bids.");
        Read();
        if (authorities.WantsLists && !authorities.HasLists) throw new InvalidOperationException("Certificates:RevocationLists names a folder without a single whole list of a trusted authority.");
        return base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        for (var isAsBefore = false; authorities.WantsLists && !stoppingToken.IsCancellationRequested; isAsBefore = Read())
            await Task.Delay(isAsBefore ? Every : Sooner, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static string? Setting(IConfiguration configuration, string name) => configuration[name] is { Length: > 0 } value ? value : null;

    [LoggerMessage(Message = "The revocation list {File}: {Reason}")]
    private static partial void LogFault(ILogger log, LogLevel level, string file, string reason);
}
