using Microsoft.EntityFrameworkCore;
using Npgsql;
using Tendering.ServiceDefaults;
using Tendering.Supervision.Data;
using Tendering.Supervision.Domain;

namespace Tendering.Supervision.Features;

/// <summary>
/// As long as a stream has a gap its source is asked to send the missing events again. This is a time-out, not a moment of the
/// law: it keeps to the database's clock, since a simulated one may run so fast that a source would be asked without pause.
/// </summary>
public sealed partial class AskForMissingEvents(IServiceScopeFactory scopes, [FromKeyedServices(SupervisionService.Name)] NpgsqlDataSource database, Bus bus, TimeProvider clock, ILogger<AskForMissingEvents> log) : BackgroundService
{
    private const int AsksBeforeAlarm = 2;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try { while (await IsAnythingMissingAsync(stoppingToken) && await AskOneAsync(stoppingToken)) { } }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested) { LogFailed(log, e.GetType().Name, e.Message); }
            await Task.Delay(Pause, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // A glance without a transaction: most of the time no stream has a gap.
    private async Task<bool> IsAnythingMissingAsync(CancellationToken ct)
    {
        await using var glance = database.CreateCommand("select exists (select 1 from stream where highest > last)");
        return (bool)(await glance.ExecuteScalarAsync(ct))!;
    }

    private async Task<bool> AskOneAsync(CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<SupervisionDb>();
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        // A source that is at work answering (its stream moved since it was asked) is not asked again on top.
        var claimed = await db.Database.SqlQuery<Claim>($"""
            update stream s set asked_at = now(), asked_after = s.last, asks = case when c.moved then 1 else s.asks + 1 end
            from (select source, asked_after < last as moved from stream
                  where highest > last and (asked_at is null or asked_at < now() - interval '5 seconds') order by source limit 1 for update skip locked) c
            where s.source = c.source
            returning s.source as "Source", s.last as "Last", s.asks as "Asks", coalesce(c.moved, false) as "Moved",
                      (select min(sequence) from waiting w where w.source = s.source) as "FirstWaiting"
            """).ToListAsync(ct);
        if (claimed.Count == 0) return false;
        var (source, last, asks, moved, firstWaiting) = claimed[0];
        var gap = new Gap(last, firstWaiting - 1);
        if (asks == AsksBeforeAlarm && last == 0) db.Raise(Alarm.OfGap(source, gap, clock.GetUtcNow()));
        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
        if (!moved) await bus.AskForReplayAsync(source, gap.After, gap.Through, null, SupervisionService.Name, ct);
        return true;
    }

    private sealed record Claim(string Source, long Last, int Asks, bool Moved, long FirstWaiting);

    [LoggerMessage(LogLevel.Warning, "Asking for missing events failed ({Kind}: {Reason}) and is tried again.")]
    private static partial void LogFailed(ILogger log, string kind, string reason);
}
