using System.Globalization;
using Tendering.Protocols;

namespace Tendering.Evaluation.Domain;

/// <summary>What speaks against a bid, with the rule that it rests on.</summary>
public sealed record Finding(string Ground, string Explanation, string Rule, string Article);

/// <summary>The preliminary examination (初步评审) as far as facts decide it: it proposes, the committee decides.</summary>
public static class PreliminaryExamination
{
    public static Finding[] Examine(LotTerms terms, BidFacts bid)
    {
        var rules = RuleSet.Get(terms.RuleSet);
        var findings = new List<Finding>();
        if (bid.Record.Price is not { } price)
        {
            var verdict = bid.Record.Verdict ?? "not opened";
            return [Find(rules, Ground.NotOpened, $"投标文件未打开（{verdict}），没有报价。The bid was not opened ({verdict}); it has no price.")];
        }
        if (bid.Archive is { } archive)
            return [Find(rules, Ground.NotOpened, $"投标文件附件未打开（{archive.Verdict}，{archive.Fact}），无法评审。The archive of the bid was not opened ({archive.Verdict}, {archive.Fact}); there is nothing to evaluate.")];
        if (price > terms.CeilingPrice)
            findings.Add(Find(rules, Ground.AboveCeiling, $"报价 {Amount(price)} 高于最高投标限价 {Amount(terms.CeilingPrice)}。The price {Amount(price)} is above the ceiling price {Amount(terms.CeilingPrice)}."));
        if (terms.MinimumPrice is { } minimum && price < minimum && rules.Find(RuleKey.FloorPriceAllowed) is not null)
            findings.Add(Find(rules, Ground.BelowMinimum, $"报价 {Amount(price)} 低于最低限制价格 {Amount(minimum)}。The price {Amount(price)} is below the minimum price {Amount(minimum)}."));
        if (terms.Deposit > 0 && !bid.DepositSecured)
            findings.Add(Find(rules, Ground.NoDeposit, $"要求的投标保证金 {Amount(terms.Deposit)} 未到账。The bid deposit of {Amount(terms.Deposit)} is not secured."));
        if (bid.Debarment is { } debarment)
            findings.Add(Find(rules, Ground.Debarred, $"投标人处于市场禁入期（决定 {debarment.DecisionNumber}）。The bidder is debarred from the market (decision {debarment.DecisionNumber})."));
        return [.. findings];

        string Amount(long minor) => Money.Text(minor, terms.Currency);
    }

    private static Finding Find(RuleSet rules, string ground, string explanation)
    {
        var rule = Ground.Find(ground)!.RuleIn(rules);
        return new Finding(ground, explanation, rule.Id, rule.Article);
    }
}

/// <summary>An amount as people read it.</summary>
public static class Money
{
    /// <summary>ISO 4217: the yen has no minor unit, the yuan has two digits of it.</summary>
    public static string Text(long minor, string currency) => currency == "JPY"
        ? $"{minor.ToString("N0", CultureInfo.InvariantCulture)} {currency}"
        : $"{(minor / 100m).ToString("N2", CultureInfo.InvariantCulture)} {currency}";
}
