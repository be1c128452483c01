using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Tendering.Contracts;
using Tendering.Contracts.Tenders;
using Tendering.ServiceDefaults;
using Tendering.Tenders.Data;
using Tendering.Tenders.Domain;

namespace Tendering.Tenders.Features;

/// <summary>The agency moves a lot's bid deadline for a clarification or change: forward only, by the law's lead, and never once the lot is closed.</summary>
public static class MoveDeadline
{
    private const int ReasonMax = 2000;

    public sealed record Request(DateTimeOffset To, [property: StringLength(ReasonMax, MinimumLength = 1)] string Reason);
    public sealed record Response(Guid NoticeId, DateTimeOffset BidDeadline, DateTimeOffset OpeningAt);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/{tenderId:guid}/lots/{lotId:guid}/deadline", Handle)
        .AllowRoles(Roles.Agency).Idempotent<TendersDb>().WithSummary("Move a bid deadline").WithDescription("For a clarification or change; a notice of it is published.");

    private static async Task<Ok<Response>> Handle(Guid tenderId, Guid lotId, Request request, Caller caller, TendersDb db, TimeProvider clock, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var tender = await db.OwnAsync(tenderId, caller, ct);
        var lot = tender.LotOf(lotId);
        var from = lot.BidDeadline;
        lot.MoveForClarification(request.To.ToUniversalTime(), tender.Rules, now);
        var notice = Announce(db, tender, lot, from, "clarification", request.Reason, null, now);
        await db.SaveChangesAsync(ct);
        return TypedResults.Ok(new Response(notice.Id, lot.BidDeadline, lot.OpeningAt));
    }

    /// <summary>Everybody is told at once: by a notice, and the services by the event.</summary>
    internal static Notice Announce(TendersDb db, Tender tender, Lot lot, DateTimeOffset from, string ground, string reason, Guid? proposal, DateTimeOffset now)
    {
        var notice = Notice.OfDeadline(tender, lot, from, ground, reason, now);
        db.Announce(notice);
        db.Publish(new DeadlineMoved(tender.Id, lot.Id, from, lot.BidDeadline, lot.OpeningAt, ground, reason, proposal, now), now);
        return notice;
    }
}
