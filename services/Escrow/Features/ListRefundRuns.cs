using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tendering.Contracts;
using Tendering.Escrow.Data;
using Tendering.Escrow.Domain;
using Tendering.ServiceDefaults;

namespace Tendering.Escrow.Features;

/// <summary>How far the refunds of a tender are: counted from the deposits themselves, so that it is never stale.</summary>
public static class ListRefundRuns
{
    /// <summary>Totals of all runs. Deposits: those that the runs have; ordered and confirmed: how many of them are.</summary>
    public sealed record Response(bool IsPaused, string? PauseReason, long Deposits, long Ordered, long Confirmed, Item[] Runs);

    public sealed record Item(
        Guid RunId, Guid LotId, string Reason, string Rule, RefundRunStage Stage, DateTimeOffset DueBy, DateTimeOffset StartedAt, DateTimeOffset? EndedAt, long Deposits, long Ordered, long Confirmed,
        long Amount, long Interest, string Currency);

    private sealed record Count(Guid RunId, long Deposits, long Ordered, long Confirmed, long Amount, long Interest);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/tenders/{tenderId:guid}/refund-runs", Handle)
        .AllowRoles(Roles.Finance).WithSummary("The refund runs of a tender and how far they are").WithDescription("A run has the refunds of one lot for one reason. Amounts in minor units, without and of interest.");

    private static async Task<Ok<Response>> Handle(Guid tenderId, EscrowDb db, CancellationToken ct)
    {
        var lots = await db.Lots.AsNoTracking().Where(l => l.TenderId == tenderId).ToDictionaryAsync(l => l.Id, ct);
        if (lots.Count == 0) throw new NotFoundException("tender");
        var pause = await db.RefundPauses.AsNoTracking().SingleOrDefaultAsync(p => p.TenderId == tenderId, ct);
        var runs = await db.RefundRuns.AsNoTracking().Where(r => r.TenderId == tenderId).OrderBy(r => r.StartedAt).ThenBy(r => r.Id).ToListAsync(ct);
        var counts = await db.Database.SqlQuery<Count>($"""
            select run_id as "RunId", count(*) as "Deposits", count(*) filter (where stage <> 'Secured') as "Ordered", count(*) filter (where stage = 'Refunded') as "Confirmed",
              sum(amount)::bigint as "Amount", sum(interest)::bigint as "Interest"
            from deposit d where run_id in (select id from refund_run where tender_id = {tenderId}) group by run_id
            """).ToDictionaryAsync(c => c.RunId, ct);
        return TypedResults.Ok(new Response(pause?.IsPaused ?? false, pause is { IsPaused: true } ? pause.Reason : null, counts.Values.Sum(c => c.Deposits), counts.Values.Sum(c => c.Ordered),
            counts.Values.Sum(c => c.Confirmed), [.. runs.Select(r => ItemOf(r, lots[r.LotId], counts.GetValueOrDefault(r.Id)))]));
    }

    private static Item ItemOf(RefundRun run, Lot lot, Count? count) => new(run.Id, run.LotId, run.Reason, lot.Law(run.Release.Rule).Id, run.Stage, run.DueBy, run.StartedAt, run.EndedAt,
        count?.Deposits ?? 0, count?.Ordered ?? 0, count?.Confirmed ?? 0, count?.Amount ?? 0, count?.Interest ?? 0, lot.Currency);
}
