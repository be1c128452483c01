using Tendering.Escrow.Domain;
using Tendering.Protocols;

namespace Tendering.Escrow.Tests.Domain;

public class LotTests
{
    private static Lot Of(string ruleSet) => new()
    {
        Id = Guid.CreateVersion7(), TenderId = Guid.CreateVersion7(), TenderNumber = "T", Number = 1, RuleSet = ruleSet, Currency = "CNY", Deposit = 1, BidDeadline = DateTimeOffset.UnixEpoch,
    };

    // Wednesday, 29 April 2026, noon in Shanghai; Labour Day holidays are 1 to 5 May, and 9 May is worked.
    private static readonly DateTimeOffset Start = new(2026, 4, 29, 4, 0, 0, TimeSpan.Zero);

    public static TheoryData<string, RuleKey, string> Moments => new()
    {
        { "cn-tendering", RuleKey.RefundWinner, "2026-05-04T16:00:00Z" },            // five calendar days: to the end of 4 May, Shanghai
        { "cn-tendering", RuleKey.RefundLoser, "2026-05-04T16:00:00Z" },
        { "cn-tendering", RuleKey.RefundFailed, "2026-04-29T16:00:00Z" },            // promptly: the day itself
        { "cn-procurement", RuleKey.RefundLoserAtNotice, "2026-05-09T16:00:00Z" },   // five working days: 30 April, 6, 7, 8, 9 May
        { "cn-procurement", RuleKey.RefundFailed, "2026-05-09T16:00:00Z" },
        { "jp-municipal", RuleKey.RefundWithdrawal, "2026-05-04T15:00:00Z" },
    };

    [Theory]
    [MemberData(nameof(Moments))]
    public void A_refund_is_due_by_the_rule_sets_own_count(string ruleSet, RuleKey key, string due)
    {
        var lot = Of(ruleSet);
        Assert.Equal(DateTimeOffset.Parse(due, System.Globalization.CultureInfo.InvariantCulture), lot.RefundDueBy(lot.Law(key), Start));
    }

    [Fact]
    public void Every_rule_set_has_the_rules_that_escrow_asks_for()
    {
        foreach (var set in RuleSet.All)
            foreach (var key in new[] { RuleKey.DepositValidity, RuleKey.RefundWithdrawal, RuleKey.RefundFailed, RuleKey.RefundLoser, RuleKey.RefundWinner, RuleKey.DepositForfeited })
                Assert.NotNull(set.Find(key));
        Assert.Equal(["cn-procurement"], RuleSet.All.Where(s => s.Find(RuleKey.RefundLoserAtNotice) is not null).Select(s => s.Id));
    }
}
