using Microsoft.EntityFrameworkCore;
using Tendering.Escrow.Data;
using Tendering.Escrow.Domain;
using Tendering.ServiceDefaults;

namespace Tendering.Escrow.Features;

/// <summary>
/// The refunds of a lot as one run: all of its deposits are marked at once, then ordered batch by batch, each batch in a transaction of its own. What is
/// ordered is no longer secured, so that a run that is killed or stopped goes on where it was and pays nobody twice.
/// </summary>
public static class RunRefunds
{
    /// <summary>Deposits of one batch: up to three transfers each.</summary>
    public const int BatchMax = 1_000;

    /// <summary>Who of the bidders whose deposits are held.</summary>
    public enum Whose { All, Winner, Losers }

    /// <summary>Starts the run, or goes on with it, and orders its first batch with the caller's transaction. The lot must be locked. What may be kept waits for its own decision.</summary>
    public static async Task StartAsync(EscrowDb db, Lot lot, Release release, Whose whose, Guid? winner, DateTimeOffset now, CancellationToken ct)
    {
        await db.LockAsync(LockOf(lot.TenderId), shared: true, ct);
        var run = await db.RefundRuns.FromSql($"select * from refund_run where lot_id = {lot.Id} and reason = {release.Reason} for update").SingleOrDefaultAsync(ct);
        var waiting = db.SubAccounts.Where(SubAccount.AwaitingDecision);
        var open = db.Deposits.Where(d => d.LotId == lot.Id && d.Stage == DepositStage.Secured && d.RunId == null
            && !waiting.Any(s => s.Id == d.SubAccountId) && (whose == Whose.All || (d.BidderId == winner) == (whose == Whose.Winner)));
        if (run is null && !await open.AnyAsync(ct)) return;
        if (run is null) run = db.Add(RefundRun.Start(lot, release, now)).Entity;
        await db.SaveChangesAsync(ct);
        // By the due moment of each somebody looks, also while the run stands still.
        var (id, reason, dueBy) = (run.Id, run.Reason, run.DueBy.ToUniversalTime());
        var marked = await open.ExecuteUpdateAsync(set => set
            .SetProperty(d => d.RunId, id).SetProperty(d => d.ReleaseReason, reason).SetProperty(d => d.RefundDueBy, dueBy).SetProperty(d => d.NextDueAt, dueBy), ct);
        var isPaused = await db.RefundPauses.AnyAsync(p => p.TenderId == lot.TenderId && p.IsPaused, ct);
        if (marked == 0 && run.Stage != RefundRunStage.Running) return;
        run.Continue(isPaused, now);
        if (!isPaused) await OrderBatchAsync(db, run, lot, now, ct);
    }

    /// <summary>The next batch of a run.</summary>
    public static async Task Handle(Guid id, EscrowDb db, IServiceProvider services, DateTimeOffset now, CancellationToken ct)
    {
        var run = await db.RefundRuns.SingleAsync(r => r.Id == id, ct);
        await OrderBatchAsync(db, run, await db.Lots.SingleAsync(l => l.Id == run.LotId, ct), now, ct);
    }

    public static string LockOf(Guid tenderId) => $"refunds:{tenderId}";

    private static async Task OrderBatchAsync(EscrowDb db, RefundRun run, Lot lot, DateTimeOffset now, CancellationToken ct)
    {
        // What may be kept since it was marked waits for its decision.
        var batch = await db.Deposits.FromSql($"""
            select d.* from deposit d join sub_account s on s.id = d.sub_account_id
            where d.run_id = {run.Id} and d.stage = 'Secured' and (s.revoked_at is null and s.award_lapsed_at is null or s.waived_at is not null)
            order by d.sub_account_id limit {BatchMax} for update of d
            """).AsNoTracking().ToListAsync(ct);
        await ReleaseDeposits.HandleAsync(db, lot, batch, run.Release, now, ct);
        if (batch.Count < BatchMax) run.End(now);
        else run.Continue(isPaused: false, now);
    }
}
