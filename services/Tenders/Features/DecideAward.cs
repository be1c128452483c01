using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Tendering.Contracts;
using Tendering.Contracts.Tenders;
using Tendering.ServiceDefaults;
using Tendering.Tenders.Data;
using Tendering.Tenders.Domain;

namespace Tendering.Tenders.Features;

/// <summary>The buyer decides, after the publicity: the first-ranked wins, and between equals a written reason chooses.</summary>
public static class DecideAward
{
    public sealed record Request(Guid BidId, [property: StringLength(2000)] string? Reason);
    public sealed record Response(Candidate Winner, string Reason, DateTimeOffset AwardedAt, Guid NoticeId);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/{tenderId:guid}/lots/{lotId:guid}/award", Handle)
        .AllowRoles(Roles.Agency).Idempotent<TendersDb>().WithSummary("Award a lot");

    private static async Task<Ok<Response>> Handle(Guid tenderId, Guid lotId, Request request, Caller caller, TendersDb db, TimeProvider clock, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var tender = await db.OwnAsync(tenderId, caller, ct);
        var lot = tender.LotOf(lotId);
        lot.Award(request.BidId, request.Reason, tender.Rules, now);
        var notice = Notice.OfAward(tender, lot);
        db.Announce(notice);
        db.Publish(new AwardDecided(tender.Id, lot.Id, lot.Winner!, lot.AwardReason!, now), now);
        await db.SaveChangesAsync(ct);
        return TypedResults.Ok(new Response(lot.Winner!, lot.AwardReason!, now, notice.Id));
    }
}
