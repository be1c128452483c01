using System.Globalization;
using Tendering.Protocols;
using Tendering.ServiceDefaults;

namespace Tendering.Tenders.Domain;

/// <summary>What must hold before a notice goes out: numbers and articles come from the tender's rule set alone.</summary>
public static class Publication
{
    /// <summary>The evaluation methods that the evaluation can carry out.</summary>
    public static IReadOnlyList<string> Methods { get; } = ["lowest-evaluated-price"];

    public static void RequireAll(Tender tender, DateTimeOffset now)
    {
        var rules = tender.Rules;
        var day = DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(now, rules.Zone).DateTime);
        Rule.Require(rules.IsInForce(day), "rule-set-not-in-force", $"The rule set {rules.Id} does not hold on {day:yyyy-MM-dd}: draft the tender under the one that does.");
        RequireTwoReviews(tender, rules);
        RequireKeys(tender);
        foreach (var lot in tender.Lots.OrderBy(l => l.Number))
        {
            RequireMoments(lot, rules, now);
            RequireMoney(lot, tender.Category, rules);
            RequireEvaluation(lot, rules);
        }
    }

    // The stage says so already; the reviews themselves are counted once more, since the notice cannot be taken back.
    private static void RequireTwoReviews(Tender tender, RuleSet rules)
    {
        if (rules.Find(RuleKey.DualReview) is not { } rule) return;
        var authorities = tender.Reviews.Where(r => r.Round == tender.ReviewRound && r.Approved).Select(r => r.AuthorityId).Distinct().Count();
        rules.Require(RuleKey.DualReview, authorities >= rule.Count, $"{rule.Count} authorities must have approved the documents.");
    }

    private static void RequireKeys(Tender tender)
    {
        foreach (var custodian in tender.Custodians.OrderBy(c => c.Index))
            Rule.Require(CustodianKey.IsPublicKey(custodian.PublicKey), "custodian-key-missing", $"Custodian {custodian.Index}, {custodian.OrganisationName}, has not registered its key yet.");
        Rule.Require(tender.Threshold >= Tender.ThresholdMin && tender.Threshold <= tender.Custodians.Count, "custodian-threshold",
            $"The threshold lies between {Tender.ThresholdMin} and the number of custodians, {tender.Custodians.Count}.");
    }

    private static void RequireMoments(Lot lot, RuleSet rules, DateTimeOffset now)
    {
        Rule.Require(lot.BidDeadline > now, "deadline-past", $"The bid deadline of lot {lot.Number} has passed.");
        if (rules.Find(RuleKey.TenderPeriod) is { } period)
            rules.Require(RuleKey.TenderPeriod, lot.BidDeadline >= rules.EndOf(period, now),
                $"Bidders of lot {lot.Number} have at least {period.Value} {period.Unit}s: the deadline is at {rules.EndOf(period, now):u} or later.");
        if (rules.Find(RuleKey.OpeningAtDeadline) is not null)
            rules.Require(RuleKey.OpeningAtDeadline, lot.OpeningAt == lot.BidDeadline, $"Lot {lot.Number} is opened at its bid deadline, {lot.BidDeadline:u}.");
        Rule.Require(lot.OpeningAt >= lot.BidDeadline, "opening-before-deadline", $"Lot {lot.Number} cannot be opened before its bid deadline.");
    }

    private static void RequireMoney(Lot lot, Category category, RuleSet rules)
    {
        // Without an estimate the ceiling stands for it.
        if (rules.Find(RuleKey.DepositShareMax) is { } share)
            rules.Require(RuleKey.DepositShareMax, lot.Deposit <= (lot.EstimatedPrice ?? lot.CeilingPrice) * share.Number / 100,
                $"The deposit of lot {lot.Number} is at most {share.Value} percent of the estimated price (or, without one, of the ceiling price).");
        // The articles of the cap speak of works and goods; services keep to the share.
        if (category is Category.Works or Category.Goods && rules.Find(RuleKey.DepositCap) is { } cap)
            rules.Require(RuleKey.DepositCap, lot.Deposit <= Money.ToMinor(cap.Number, cap.Unit), string.Create(CultureInfo.InvariantCulture, $"The deposit of lot {lot.Number} is at most {cap.Number} {cap.Unit}."));
        rules.Require(RuleKey.FloorPrice, lot.MinimumPrice is null || rules.Find(RuleKey.FloorPriceAllowed) is not null, $"A floor price is forbidden: take it out of lot {lot.Number}.");
    }

    private static void RequireEvaluation(Lot lot, RuleSet rules)
    {
        Rule.Require(Methods.Contains(lot.EvaluationMethod), "evaluation-method", $"Lot {lot.Number} asks for '{lot.EvaluationMethod}'; known: {string.Join(", ", Methods)}.");
        if (rules.Find(RuleKey.CommitteeSize) is { } size)
            rules.Require(RuleKey.CommitteeSize, lot.CommitteeSize >= size.Number && lot.CommitteeSize % 2 == 1, $"The committee of lot {lot.Number} has an odd number of members, {size.Value} or more.");
    }
}
