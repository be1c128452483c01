using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tendering.Contracts;
using Tendering.Contracts.Tenders;
using Tendering.Protocols;
using Tendering.ServiceDefaults;
using Tendering.Tenders.Data;
using Tendering.Tenders.Domain;

namespace Tendering.Tenders.Features;

/// <summary>A tender as its reader may see it: public once published, before that for its agency, its custodians and the supervisors.</summary>
public static class GetTender
{
    public sealed record CustodianItem(int Index, Guid OrganisationId, string OrganisationName, string? PublicKey);
    public sealed record ReviewItem(int Round, int Step, Guid AuthorityId, bool Approved, string Opinion, DateTimeOffset DecidedAt);

    /// <summary>One lot. Bids is told from the opening (or the failure) on, candidates from their publicity on; estimatedPrice to the agency alone.</summary>
    public sealed record LotItem(
        Guid LotId, int Number, string Title, Stage Stage, long CeilingPrice, long? MinimumPrice,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? EstimatedPrice,
        long Deposit, DateTimeOffset BidDeadline, DateTimeOffset OpeningAt, int OpeningMinutes, string EvaluationMethod, string Specialty, int CommitteeSize, int MinimumBidders,
        DateTimeOffset? ClosedAt, string? ClosingListHash, int? Bids, DateTimeOffset? OpeningStartedAt, DateTimeOffset? OpeningCompletedAt, string? RecordHash,
        DateTimeOffset? EvaluatedAt, string? ReportHash, DateTimeOffset? PublicityEndsAt, Candidate[]? Candidates, Candidate? Winner, string? AwardReason, DateTimeOffset? AwardedAt,
        DateTimeOffset? NoticedAt, DateTimeOffset? ContractDueBy, DateTimeOffset? SignedAt, string? ContractHash, bool SignedLate, Failure? Failure, PublishedCoefficient[]? Coefficients);

    public sealed record Response(
        Guid TenderId, string Number, string Title, string RuleSet, Category Category, string Currency, Stage Stage, Guid AgencyId, string AgencyName,
        Guid? TendererId, string? TendererCode, string TendererName, DateTimeOffset? PublishedAt, Document[] Documents, string DocumentsHash, int Threshold,
        CustodianItem[] Custodians, LotItem[] Lots, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ReviewItem[]? Reviews,
        DepositTerms? DepositTerms);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/{tenderId:guid}", Handle)
        .AllowEveryone().WithSummary("A tender and its lots").WithDescription("Public once published; a draft only to its agency, custodians and supervisors.");

    private static async Task<Ok<Response>> Handle(Guid tenderId, Caller caller, TendersDb db, CancellationToken ct)
    {
        var tender = (await db.Whole().AsNoTracking().SingleOrDefaultAsync(t => t.Id == tenderId, ct)).Or404("tender");
        if (!tender.MayBeSeenBy(caller)) throw new NotFoundException("tender");
        var own = tender.IsRunBy(caller);
        return TypedResults.Ok(new Response(
            tender.Id, tender.Number, tender.Title, tender.RuleSetId, tender.Category, tender.Rules.Currency, tender.Stage, tender.AgencyId, tender.AgencyName,
            tender.TendererId, tender.TendererCode, tender.TendererName, tender.PublishedAt, tender.Documents, tender.DocumentsHash, tender.Threshold,
            [.. tender.Custodians.OrderBy(c => c.Index).Select(c => new CustodianItem(c.Index, c.OrganisationId, c.OrganisationName, c.PublicKey))],
            [.. tender.Lots.OrderBy(l => l.Number).Select(l => ItemOf(l, tender.Rules, own))],
            own || caller.Is(Roles.Supervisor) ? ReviewsOf(tender) : null, tender.DepositTerms));
    }

    private static LotItem ItemOf(Lot l, RuleSet rules, bool own) => new(
        l.Id, l.Number, l.Title, l.Stage, l.CeilingPrice, l.MinimumPrice, own ? l.EstimatedPrice : null, l.Deposit, l.BidDeadline, l.OpeningAt, l.OpeningMinutes, l.EvaluationMethod,
        l.Specialty, l.CommitteeSize, rules.Get(RuleKey.MinimumBidders).Count, l.ClosedAt, l.ClosingListHash, l.PublicBids, l.OpeningStartedAt, l.OpeningCompletedAt, l.RecordHash,
        l.EvaluatedAt, l.ReportHash, l.PublicityEndsAt, l.Candidates, l.Winner, l.AwardReason, l.AwardedAt, l.NoticedAt, l.ContractDueBy, l.SignedAt, l.ContractHash, l.SignedLate, l.Failure, l.Coefficients);

    private static ReviewItem[] ReviewsOf(Tender tender) =>
        [.. tender.Reviews.OrderBy(r => r.Round).ThenBy(r => r.Step).Select(r => new ReviewItem(r.Round, r.Step, r.AuthorityId, r.Approved, r.Opinion, r.DecidedAt))];
}
