using System.Text;
using Tendering.Contracts.Tenders;
using Tendering.Protocols;

namespace Tendering.Tenders.Domain;

public enum NoticeKind { Tender, Amendment, Candidates, Award, Contract, Failure }

/// <summary>A publication. It never changes: <see cref="Sha256"/> is over the canonical JSON (RFC 8785) of its content.</summary>
public sealed class Notice
{
    public Guid Id { get; private init; } = Guid.CreateVersion7();
    public required Guid TenderId { get; init; }
    public Guid? LotId { get; init; }
    public required string Number { get; init; }
    public required NoticeKind Kind { get; init; }
    public required string Title { get; init; }

    /// <summary>Canonical JSON text.</summary>
    public required string Content { get; init; }
    public required string Sha256 { get; init; }
    public required DateTimeOffset PublishedAt { get; init; }

    // No notice has the estimate among its members: it stays the tenderer's secret.
    public static Notice OfTender(Tender tender) => Of(tender, null, NoticeKind.Tender, tender.PublishedAt!.Value, new
    {
        tender.Number, tender.Title, RuleSet = tender.RuleSetId, Category = tender.Category.Kebab(), tender.Rules.Currency, tender.AgencyId, tender.AgencyName,
        tender.TendererId, tender.TendererCode, tender.TendererName, tender.PublishedAt, tender.Documents, tender.DocumentsHash, tender.Threshold,
        Custodians = tender.PublishedCustodians(), Lots = tender.PublishedLots(), DepositTerms = tender.PublishedDepositTerms(),
    });

    public static Notice OfDeadline(Tender tender, Lot lot, DateTimeOffset from, string ground, string reason, DateTimeOffset at) => Of(tender, lot, NoticeKind.Amendment, at, new
    {
        tender.Number, Lot = lot.Number, lot.Title, From = from, To = lot.BidDeadline, lot.OpeningAt, Ground = ground, Reason = reason,
        Article = ground == "clarification" ? tender.Rules.Find(RuleKey.ClarificationLead)?.Article : null,
    });

    public static Notice OfCandidates(Tender tender, Lot lot) => Of(tender, lot, NoticeKind.Candidates, lot.PublicityStartedAt!.Value, new
    {
        tender.Number, Lot = lot.Number, lot.Title, lot.Candidates, lot.ReportHash, lot.PublicityStartedAt, lot.PublicityEndsAt,
        Article = tender.Rules.Find(RuleKey.PublicityLength)?.Article, StartedLate = lot.LatePublicity(tender.Rules) is not null,
    });

    public static Notice OfAward(Tender tender, Lot lot) => Of(tender, lot, NoticeKind.Award, lot.AwardedAt!.Value, new
    {
        tender.Number, Lot = lot.Number, lot.Title, lot.Winner, Reason = lot.AwardReason, lot.AwardedAt, Article = tender.Rules.Find(RuleKey.AwardFirst)?.Article,
    });

    public static Notice OfContract(Tender tender, Lot lot) => Of(tender, lot, NoticeKind.Contract, lot.SignedAt!.Value, new
    {
        tender.Number, Lot = lot.Number, lot.Title, lot.Winner, lot.ContractHash, lot.SignedAt, lot.ContractDueBy, Late = lot.SignedLate,
        Article = tender.Rules.Find(RuleKey.ContractWithin)?.Article,
    });

    public static Notice OfFailure(Tender tender, Lot lot) => Of(tender, lot, NoticeKind.Failure, lot.Failure!.FailedAt, new
    {
        tender.Number, Lot = lot.Number, lot.Title, Bids = lot.PublicBids, lot.Failure.Reason, lot.Failure.Rule, lot.Failure.Article, lot.Failure.FailedAt,
    });

    private static Notice Of<T>(Tender tender, Lot? lot, NoticeKind kind, DateTimeOffset at, T content)
    {
        var bytes = CanonicalJson.Serialize(content);
        return new Notice
        {
            TenderId = tender.Id, LotId = lot?.Id, Number = tender.Number, Kind = kind, Title = tender.Title, PublishedAt = at,
            Content = Encoding.UTF8.GetString(bytes), Sha256 = HexText.Sha256(bytes),
        };
    }
}

/// <summary>What everybody may know of a published tender, as events and notices carry it.</summary>
public static class PublicFace
{
    public static PublishedCustodian[] PublishedCustodians(this Tender tender) =>
        [.. tender.Custodians.OrderBy(c => c.Index).Select(c => new PublishedCustodian(c.Index, c.OrganisationId, c.OrganisationName, c.PublicKey!))];

    public static PublishedDepositTerms? PublishedDepositTerms(this Tender tender) => tender.DepositTerms is not { } terms ? null :
        new(terms.BidValidityDays, terms.LetterKinds, [.. terms.Exemptions.Select(e => new PublishedExemption(e.Ground, e.Text))]);

    public static PublishedLot[] PublishedLots(this Tender tender) =>
        [.. tender.Lots.OrderBy(l => l.Number).Select(l => new PublishedLot(l.Id, l.Number, l.Title, l.CeilingPrice, l.MinimumPrice, l.Deposit, l.BidDeadline, l.OpeningAt,
            l.OpeningMinutes, l.EvaluationMethod, l.Specialty, l.CommitteeSize, tender.Rules.Get(RuleKey.MinimumBidders).Count, l.Coefficients))];
}
