using Microsoft.AspNetCore.Http.HttpResults;
using Tendering.Contracts;
using Tendering.Contracts.Tenders;
using Tendering.ServiceDefaults;
using Tendering.Tenders.Data;
using Tendering.Tenders.Domain;

namespace Tendering.Tenders.Features;

/// <summary>The agency puts the ranked candidates before the public (公示).</summary>
public static class PublishCandidates
{
    /// <summary>The publicity began later than the rule asks.</summary>
    public sealed record Warning(string Code, string Rule, string Article, string Message);
    public sealed record Response(DateTimeOffset PublicityEndsAt, Candidate[] Candidates, Guid NoticeId, Warning? Warning);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/{tenderId:guid}/lots/{lotId:guid}/candidates", Handle)
        .AllowRoles(Roles.Agency).Idempotent<TendersDb>().WithSummary("Publish a lot's candidates");

    private static async Task<Ok<Response>> Handle(Guid tenderId, Guid lotId, Caller caller, TendersDb db, TimeProvider clock, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var tender = await db.OwnAsync(tenderId, caller, ct);
        var lot = tender.LotOf(lotId);
        lot.PublishCandidates(tender.Rules, now);
        var notice = Notice.OfCandidates(tender, lot);
        db.Announce(notice);
        db.Publish(new CandidatesPublished(tender.Id, lot.Id, lot.Candidates!, lot.ReportHash!, now, lot.PublicityEndsAt!.Value), now);
        await db.SaveChangesAsync(ct);
        return TypedResults.Ok(new Response(lot.PublicityEndsAt.Value, lot.Candidates!, notice.Id, WarningOf(tender, lot)));
    }

    private static Warning? WarningOf(Tender tender, Lot lot) => lot.LatePublicity(tender.Rules) is { } rule
        ? new Warning("publicity-start", rule.Id, rule.Article, $"The publicity starts within {rule.Value} {rule.Unit}s of the evaluation report; the notice says that it started late.")
        : null;
}
