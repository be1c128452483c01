using Microsoft.EntityFrameworkCore;
using Tendering.Contracts.Supervision;
using Tendering.Protocols;
using Tendering.ServiceDefaults;
using Tendering.Supervision.Data;
using Tendering.Supervision.Domain;

namespace Tendering.Supervision.Features;

/// <summary>When the moment has come at which a lot's secrets become public, each is told with what it takes to find it in the log. Also those that come after their moment.</summary>
public sealed partial class DiscloseSecrets(IServiceScopeFactory scopes, AuditLog log, TimeProvider clock, ILogger<DiscloseSecrets> logger) : BackgroundService
{
    private const int BatchMax = 100;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try { while (await IsAnythingDueAsync(stoppingToken) && await DiscloseAsync(stoppingToken) == BatchMax) { } }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested) { LogFailed(logger, e.GetType().Name, e.Message); }
            await Task.Delay(Pause, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // A glance without a transaction: most of the time nothing is due.
    private async Task<bool> IsAnythingDueAsync(CancellationToken ct)
    {
        await using var glance = log.Database.CreateCommand("select exists (select 1 from secret join moment using (lot_id, until))");
        return (bool)(await glance.ExecuteScalarAsync(ct))!;
    }

    private async Task<int> DiscloseAsync(CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<SupervisionDb>();
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        var due = await db.Database.SqlQuery<Due>($"""
            delete from secret where index in (select s.index from secret s join moment m using (lot_id, until) order by s.index limit {BatchMax} for update of s skip locked)
            returning index as "Index", tender_id as "TenderId", lot_id as "LotId", until as "Until"
            """).ToListAsync(ct);
        if (due.Count == 0) return 0;
        var indexes = due.Select(d => d.Index).ToArray();
        var events = await db.Events.AsNoTracking().Where(e => indexes.Contains(e.Index)).ToDictionaryAsync(e => e.Index, ct);
        LogTurn? turn = null;
        SecretTree? tree = null;
        foreach (var secret in due.OrderBy(d => d.Index))
        {
            if (turn is null || secret.Index >= turn.FirstEvent + turn.Events) tree = (turn = (await log.TurnOfAsync(secret.Index, ct))!).Tree();
            var (e, now) = (events[secret.Index], clock.GetUtcNow());
            var opening = Proofs.Shown.Of(turn.OpeningOf(e, tree));
            db.Publish(new SecretDisclosed(secret.TenderId, secret.LotId, e.Id, e.Type, secret.Until, opening.Face, opening.Leaf, opening.Position, opening.Path, opening.Salt,
                EventFace.Of(e, turn.Seed).Hashed ? e.Payload : null, now), now);
        }
        await db.Database.ExecuteSqlAsync($"insert into disclosed (index) select * from unnest({indexes})", ct);
        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
        return due.Count;
    }

    private sealed record Due(long Index, Guid TenderId, Guid LotId, string Until);

    [LoggerMessage(LogLevel.Warning, "Disclosing failed ({Kind}: {Reason}) and is tried again.")]
    private static partial void LogFailed(ILogger log, string kind, string reason);
}
