using Microsoft.AspNetCore.Http.HttpResults;
using Tendering.Contracts;
using Tendering.Contracts.Tenders;
using Tendering.ServiceDefaults;
using Tendering.Tenders.Data;

namespace Tendering.Tenders.Features;

/// <summary>The award notice (中标通知书) goes to the winner; the period for the contract begins.</summary>
public static class IssueAwardNotice
{
    public sealed record Response(DateTimeOffset IssuedAt, DateTimeOffset ContractDueBy);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/{tenderId:guid}/lots/{lotId:guid}/award-notice", Handle)
        .AllowRoles(Roles.Agency).Idempotent<TendersDb>().WithSummary("Issue the award notice");

    private static async Task<Ok<Response>> Handle(Guid tenderId, Guid lotId, Caller caller, TendersDb db, TimeProvider clock, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var tender = await db.OwnAsync(tenderId, caller, ct);
        var lot = tender.LotOf(lotId);
        lot.IssueAwardNotice(tender.Rules, now);
        db.Publish(new AwardNoticeIssued(tender.Id, lot.Id, lot.Winner!.BidderId, now, lot.ContractDueBy!.Value), now);
        await db.SaveChangesAsync(ct);
        return TypedResults.Ok(new Response(now, lot.ContractDueBy.Value));
    }
}
