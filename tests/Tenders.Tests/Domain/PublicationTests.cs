using System.Globalization;
using Tendering.Protocols;
using Tendering.Tenders.Domain;

namespace Tendering.Tenders.Tests.Domain;

public class PublicationTests
{
    private readonly Sample _sample = new();

    private static Refusal RefusalOf(Sample sample, DateTimeOffset? now = null) => Refusal.Of(() => sample.Approved().Publish(now ?? Sample.Start));
    private static void Publishes(Sample sample) => Assert.Equal(Stage.Published, sample.Published().Stage);

    // Published on Monday, 2 March 2026: day 20 is Sunday the 22nd, which procurement law rolls to Monday; the last day counts to its end, local time.
    [Theory]
    [InlineData("cn-tendering", "2026-03-22T16:00:00Z", "A1", "法24")]
    [InlineData("cn-procurement", "2026-03-23T16:00:00Z", "B1", "采35")]
    [InlineData("jp-municipal", "2026-03-12T15:00:00Z", "J1", "建設業法施行令6")]
    public void Bidders_have_the_whole_period_that_their_law_gives_them(string ruleSet, string earliest, string rule, string article)
    {
        var deadline = DateTimeOffset.Parse(earliest, CultureInfo.InvariantCulture);
        Publishes(_sample with { RuleSetId = ruleSet, Deadline = deadline });
        Assert.Equal(new Refusal("tender-period", rule, article), RefusalOf(_sample with { RuleSetId = ruleSet, Deadline = deadline.AddSeconds(-1) }));
    }

    [Theory]
    [InlineData("cn-tendering", 2, "A7", "条26")]
    [InlineData("cn-procurement", 2, "B4", "采条33")]
    [InlineData("jp-municipal", 5, "J2", "地方自治法施行令167の7")]
    public void A_deposit_is_at_most_its_share_of_the_estimate_or_else_of_the_ceiling(string ruleSet, int percent, string rule, string article)
    {
        var sample = _sample with { RuleSetId = ruleSet, CeilingPrice = 100_000, Deposit = 1_000 * percent };
        Publishes(sample);
        var refusal = new Refusal("deposit-share-max", rule, article);
        Assert.Equal(refusal, RefusalOf(sample with { Deposit = sample.Deposit + 1 }));
        Assert.Equal(refusal, RefusalOf(sample with { EstimatedPrice = 99_999 }));
        Publishes(sample with { EstimatedPrice = 50_000, Deposit = sample.Deposit / 2 });
    }

    [Fact]
    public void A_deposit_for_works_or_goods_has_a_cap_in_yuan()
    {
        var sample = _sample with { CeilingPrice = 100_000_000_00, Deposit = 800_000_00 };
        Publishes(sample);
        var refusal = new Refusal("deposit-cap", "A8", "30号令37;27号令27");
        Assert.Equal(refusal, RefusalOf(sample with { Deposit = 800_000_01 }));
        Assert.Equal(refusal, RefusalOf(sample with { Deposit = 800_000_01, Category = Category.Goods }));
        Publishes(sample with { Deposit = 800_000_01, Category = Category.Services });
        Publishes(sample with { Deposit = 800_000_01, RuleSetId = "cn-procurement" });
    }

    [Theory]
    [InlineData("cn-tendering", "A32", "条27;条50")]
    [InlineData("cn-procurement", "BX8", "87号12")]
    public void A_floor_price_is_forbidden_in_China(string ruleSet, string rule, string article) =>
        Assert.Equal(new Refusal("floor-price", rule, article), RefusalOf(_sample with { RuleSetId = ruleSet, MinimumPrice = 1 }));

    [Fact]
    public void A_minimum_price_is_allowed_in_Japan() => Publishes(_sample with { RuleSetId = "jp-municipal", MinimumPrice = 1 });

    [Fact]
    public void Under_the_tendering_law_the_opening_is_at_the_deadline()
    {
        var later = _sample with { OpeningAt = _sample.Deadline.AddMinutes(1) };
        Assert.Equal(new Refusal("opening-at-deadline", "A17", "法34;条44"), RefusalOf(later));
        Publishes(later with { RuleSetId = "cn-procurement" });
        Publishes(later with { RuleSetId = "jp-municipal" });
        Assert.Equal("opening-before-deadline", RefusalOf(later with { RuleSetId = "jp-municipal", OpeningAt = _sample.Deadline.AddMinutes(-1) }).Code);
    }

    [Theory]
    [InlineData("cn-tendering", "A18", "法37")]
    [InlineData("cn-procurement", "B8", "87号47")]
    [InlineData("jp-municipal", "J13", "市契約規則")]
    public void A_committee_is_odd_and_large_enough(string ruleSet, string rule, string article)
    {
        foreach (var size in new[] { 1, 3, 4, 6 })
            Assert.Equal(new Refusal("committee-size", rule, article), RefusalOf(_sample with { RuleSetId = ruleSet, CommitteeSize = size }));
        foreach (var size in new[] { 5, 7 }) Publishes(_sample with { RuleSetId = ruleSet, CommitteeSize = size });
    }

    [Fact]
    public void Every_custodian_has_registered_its_key()
    {
        var tender = _sample.Approved();
        tender.Custodians[2].PublicKey = null;
        Assert.Equal("custodian-key-missing", Refusal.Of(() => tender.Publish(Sample.Start)).Code);
        tender.Custodians[2].PublicKey = "spoiled";
        Assert.Equal("custodian-key-missing", Refusal.Of(() => tender.Publish(Sample.Start)).Code);
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, true)]
    [InlineData(3, true)]
    [InlineData(4, false)]
    public void The_threshold_is_between_two_and_all_custodians(int threshold, bool fits)
    {
        if (fits) Publishes(_sample with { Threshold = threshold });
        else Assert.Equal("custodian-threshold", RefusalOf(_sample with { Threshold = threshold }).Code);
    }

    [Fact]
    public void A_method_that_nobody_can_carry_out_is_refused() => Assert.Equal("evaluation-method", RefusalOf(_sample with { Method = "by-lot" }).Code);

    [Fact]
    public void A_deadline_lies_in_the_future() => Assert.Equal("deadline-past", RefusalOf(_sample, _sample.Deadline).Code);

    [Fact]
    public void A_rule_set_holds_on_its_days_only()
    {
        var first = RuleSet.Get("cn-tendering").EffectiveFrom.ToDateTime(TimeOnly.MinValue);
        var start = new DateTimeOffset(first, TimeSpan.FromHours(8)).ToUniversalTime();
        var sample = _sample with { Deadline = start.AddDays(40) };
        Assert.Equal("rule-set-not-in-force", RefusalOf(sample, start.AddSeconds(-1)).Code);
        sample.Approved().Publish(start);
    }

    [Fact]
    public void Every_lot_must_keep_the_rules_or_none_is_published()
    {
        var tender = (_sample with { Lots = 2 }).Approved();
        var spoiled = (_sample with { CommitteeSize = 4 }).Draft().Lots[0];
        tender.Lots.Add(spoiled);
        Assert.Equal("committee-size", Refusal.Of(() => tender.Publish(Sample.Start)).Code);
        Assert.All(tender.Lots, l => Assert.Equal(Stage.Draft, l.Stage));
    }

    [Theory]
    [InlineData("CNY", 800_000_00)]
    [InlineData("JPY", 800_000)]
    public void Amounts_of_law_become_minor_units(string currency, long minor) => Assert.Equal(minor, Money.ToMinor(800_000, currency));
}
