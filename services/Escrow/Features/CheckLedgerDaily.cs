using Microsoft.EntityFrameworkCore;
using Tendering.Contracts.Escrow;
using Tendering.Escrow.Data;
using Tendering.ServiceDefaults;

namespace Tendering.Escrow.Features;

/// <summary>Checks the books after every start and once a day; what does not hold is an alarm to the supervisors, never corrected by itself.</summary>
public sealed partial class CheckLedgerDaily(IServiceScopeFactory scopes, TimeProvider clock, ILogger<CheckLedgerDaily> log) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromDays(1), Retry = TimeSpan.FromSeconds(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            var pause = Every;
            try { await CheckAsync(stoppingToken); }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                LogUnchecked(log, e.GetType().Name);
                pause = Retry;
            }
            await Task.Delay(pause, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public async Task<IReadOnlyList<string>> CheckAsync(CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<EscrowDb>();
        var (violated, now) = (await Invariants.ViolatedAsync(db, ct), clock.GetUtcNow());
        if (violated.Count > 0) LogViolated(log, string.Join(", ", violated));
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        await db.Database.ExecuteSqlAsync($"insert into ledger_check (checked_at, violated) values ({now.ToUniversalTime()}, {violated.ToArray()})", ct);
        if (violated.Count > 0) db.Publish(new LedgerDoubted([.. violated], now), now);
        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
        return violated;
    }

    [LoggerMessage(LogLevel.Critical, "The books do not hold: {Invariants}. Stop paying out and find the cause.")]
    private static partial void LogViolated(ILogger log, string invariants);

    [LoggerMessage(LogLevel.Warning, "The books could not be checked ({Kind}); it is tried again.")]
    private static partial void LogUnchecked(ILogger log, string kind);
}
