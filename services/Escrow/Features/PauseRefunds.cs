using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tendering.Contracts;
using Tendering.Contracts.Escrow;
using Tendering.Escrow.Data;
using Tendering.Escrow.Domain;
using Tendering.ServiceDefaults;

namespace Tendering.Escrow.Features;

/// <summary>
/// Finance stops the refund runs of a tender, those that are to come too, and lets them go on. The batch in hand is finished first. Refunds of single
/// bidders (a withdrawal, a bid that could not be opened) are no run and go on.
/// </summary>
public static class PauseRefunds
{
    public sealed record Request([property: StringLength(500, MinimumLength = 1)] string Reason);

    public sealed record Response(bool IsPaused, int Runs);

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/tenders/{tenderId:guid}/refund-runs/pause", (Guid tenderId, Request request, Caller caller, EscrowDb db, TimeProvider clock, CancellationToken ct) =>
            SetAsync(tenderId, true, request, caller, db, clock, ct)).AllowRoles(Roles.Finance).Idempotent<EscrowDb>().WithSummary("Stop the refund runs of a tender");
        routes.MapPost("/tenders/{tenderId:guid}/refund-runs/resumption", (Guid tenderId, Request request, Caller caller, EscrowDb db, TimeProvider clock, CancellationToken ct) =>
            SetAsync(tenderId, false, request, caller, db, clock, ct)).AllowRoles(Roles.Finance).Idempotent<EscrowDb>().WithSummary("Let the refund runs of a tender go on");
    }

    private static async Task<Ok<Response>> SetAsync(Guid tenderId, bool pause, Request request, Caller caller, EscrowDb db, TimeProvider clock, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        if (!await db.Lots.AnyAsync(l => l.TenderId == tenderId, ct)) throw new NotFoundException("tender");
        await db.LockAsync(RunRefunds.LockOf(tenderId), ct: ct);
        var state = await db.RefundPauses.FindAsync([tenderId], ct);
        Rule.Require((state?.IsPaused ?? false) != pause, pause ? "refunds-paused-already" : "refunds-not-paused", pause ? "The refunds of this tender stand still already." : "The refunds of this tender are not paused.");
        if (state is null) state = db.Add(new RefundPause { TenderId = tenderId, IsPaused = pause, Reason = request.Reason, ChangedBy = caller.Person, ChangedAt = now }).Entity;
        else (state.IsPaused, state.Reason, state.ChangedBy, state.ChangedAt) = (pause, request.Reason, caller.Person, now);

        var runs = await db.RefundRuns.FromSql($"select * from refund_run where tender_id = {tenderId} and stage <> 'Done' order by id for update").ToListAsync(ct);
        foreach (var run in runs)
            if (pause && run.Stage == RefundRunStage.Running) run.Pause();
            else if (!pause && run.Stage == RefundRunStage.Paused) run.Resume(now);
        if (pause) db.Publish(new RefundsPaused(tenderId, request.Reason, now), now);
        else db.Publish(new RefundsResumed(tenderId, request.Reason, now), now);
        await db.SaveChangesAsync(ct);
        return TypedResults.Ok(new Response(pause, runs.Count));
    }
}
