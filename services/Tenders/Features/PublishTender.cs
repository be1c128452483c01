using Microsoft.AspNetCore.Http.HttpResults;
using Tendering.Contracts;
using Tendering.Contracts.Tenders;
using Tendering.ServiceDefaults;
using Tendering.Tenders.Data;
using Tendering.Tenders.Domain;

namespace Tendering.Tenders.Features;

/// <summary>The tender notice goes out: from here on the rule set holds and the lots live their own lives.</summary>
public static class PublishTender
{
    public sealed record Response(Guid NoticeId, DateTimeOffset PublishedAt);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/{tenderId:guid}/publication", Handle)
        .AllowRoles(Roles.Agency).Idempotent<TendersDb>()
        .WithSummary("Publish a tender").WithDescription("Refused by rule and article where the notice would not keep the tender's rule set.");

    private static async Task<Ok<Response>> Handle(Guid tenderId, Caller caller, TendersDb db, TimeProvider clock, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var tender = await db.OwnAsync(tenderId, caller, ct);
        tender.Publish(now);
        var notice = Notice.OfTender(tender);
        db.Announce(notice);
        // A tenderer that is not registered has no id: the event names it by the empty one.
        db.Publish(new TenderPublished(tender.Id, tender.Number, tender.Title, tender.RuleSetId, tender.AgencyId, tender.AgencyName, tender.TendererId ?? Guid.Empty, tender.TendererName,
            tender.Rules.Currency, now, tender.DocumentsHash, tender.Threshold, tender.PublishedCustodians(), tender.PublishedLots(), tender.PublishedDepositTerms()), now);
        await db.SaveChangesAsync(ct);
        return TypedResults.Ok(new Response(notice.Id, now));
    }
}
