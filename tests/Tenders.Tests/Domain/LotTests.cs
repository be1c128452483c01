using Tendering.Contracts.Tenders;
using Tendering.Protocols;
using Tendering.Tenders.Domain;

namespace Tendering.Tenders.Tests.Domain;

public class LotTests
{
    private static readonly DateTimeOffset Now = Sample.Start;
    private readonly Sample _sample = new();

    // What others tell of a lot that goes well, each with the stage that it brings at least.
    private static readonly (Stage Reaches, Action<Lot, RuleSet> Tell)[] Facts =
    [
        (Stage.Closed, (l, r) => l.NoteClosing(Sample.Hash, Now, r)),
        (Stage.Closed, (l, r) => l.NoteClosingList(3, Sample.Hash, Now, r, Now)),
        (Stage.Opening, (l, r) => l.NoteOpening(3, Sample.Hash, Now, r)),
        (Stage.Evaluating, (l, r) => l.NoteOpeningCompleted(Sample.OtherHash, 3, Now, r)),
        (Stage.Evaluated, (l, r) => l.NoteEvaluation(Sample.OtherHash, [Sample.Candidate(1)], Now, r, Now)),
    ];

    [Fact]
    public void Facts_in_any_order_and_twice_bring_the_lot_to_the_furthest_of_them_and_never_back()
    {
        foreach (var order in Orders(Facts))
        {
            var lot = _sample.Published().Lots[0];
            var furthest = Stage.Published;
            foreach (var (reaches, tell) in order.Concat(order))
            {
                tell(lot, _sample.Rules);
                furthest = furthest > reaches ? furthest : reaches;
                Assert.Equal(furthest, lot.Stage);
            }
            Assert.Equal((Now, Now, Now, Now, 3), (lot.ClosedAt, lot.OpeningStartedAt, lot.OpeningCompletedAt, lot.EvaluatedAt, lot.BidsAtClosing));
        }
    }

    [Fact]
    public void A_lot_without_candidates_fails_once_whatever_order_its_facts_come_in()
    {
        (Stage, Func<Lot, RuleSet, bool>)[] facts = [.. Facts[..4].Select(f => (f.Reaches, (Func<Lot, RuleSet, bool>)((l, r) => { f.Tell(l, r); return false; }))),
            (Stage.Failed, (l, r) => l.NoteEvaluation(Sample.OtherHash, [], Now, r, Now))];
        foreach (var order in Orders(facts))
        {
            var lot = _sample.Published().Lots[0];
            Assert.Equal(1, order.Concat(order).Count(f => f.Item2(lot, _sample.Rules)));
            Assert.Equal((Stage.Failed, "A22", "条51"), (lot.Stage, lot.Failure!.Rule, lot.Failure.Article));
        }
    }

    [Theory]
    [InlineData("cn-tendering", 3, "A15", "法28;条44")]
    [InlineData("cn-procurement", 3, "B10", "87号41")]
    [InlineData("jp-municipal", 1, "J6", "地方自治法234")]
    public void Below_the_number_of_bids_that_the_law_asks_for_a_lot_fails_by_that_rule(string ruleSet, int minimum, string rule, string article)
    {
        var sample = _sample with { RuleSetId = ruleSet };
        var enough = sample.Published().Lots[0];
        Assert.False(enough.NoteClosingList(minimum, Sample.Hash, Now, sample.Rules, Now));
        Assert.Equal((Stage.Closed, null), (enough.Stage, enough.Failure));
        var tooFew = sample.Published().Lots[0];
        Assert.True(tooFew.NoteClosingList(minimum - 1, Sample.Hash, Now, sample.Rules, Now));
        Assert.Equal((Stage.Failed, rule, article, Now), (tooFew.Stage, tooFew.Failure!.Rule, tooFew.Failure.Article, tooFew.Failure.FailedAt));
        tooFew.NoteClosing(Sample.Hash, Now, sample.Rules);
        Assert.False(tooFew.NoteClosingList(minimum - 1, Sample.Hash, Now, sample.Rules, Now));
        Assert.Equal(Stage.Failed, tooFew.Stage);
    }

    [Fact]
    public void Too_few_bids_end_a_lot_from_every_stage_before_the_publicity_and_from_none_after_it()
    {
        for (var told = 0; told <= Facts.Length; told++)
        {
            var lot = _sample.Published().Lots[0];
            foreach (var (_, tell) in Facts[..told].Where((_, i) => i != 1)) tell(lot, _sample.Rules);
            Assert.True(lot.NoteClosingList(2, Sample.Hash, Now, _sample.Rules, Now));
        }
        var published = _sample.Evaluated(Sample.Candidate(1));
        published.PublishCandidates(_sample.Rules, Now);
        Assert.Equal("wrong-stage", Refusal.Of(() => published.NoteClosingList(2, Sample.Hash, Now, _sample.Rules, Now)).Code);
    }

    [Fact]
    public void The_number_of_bids_is_nobodys_business_before_the_opening_or_the_failure()
    {
        var lot = _sample.Published().Lots[0];
        lot.NoteClosingList(3, Sample.Hash, Now, _sample.Rules, Now);
        Assert.Null(lot.PublicBids);
        lot.NoteOpening(3, Sample.Hash, Now, _sample.Rules);
        Assert.Equal(3, lot.PublicBids);
        var failed = _sample.Published().Lots[0];
        failed.NoteClosingList(2, Sample.Hash, Now, _sample.Rules, Now);
        Assert.Equal(2, failed.PublicBids);
    }

    [Fact]
    public void A_fact_that_contradicts_an_earlier_one_is_refused()
    {
        var lot = _sample.Published().Lots[0];
        lot.NoteClosing(Sample.Hash, Now, _sample.Rules);
        Assert.Equal("closing-list-differs", Refusal.Of(() => lot.NoteOpening(3, Sample.OtherHash, Now, _sample.Rules)).Code);
        Assert.Equal("closing-list-differs", Refusal.Of(() => lot.NoteClosingList(3, Sample.OtherHash, Now, _sample.Rules, Now)).Code);
        lot.NoteEvaluation(Sample.Hash, [Sample.Candidate(1)], Now, _sample.Rules, Now);
        Assert.Equal("report-differs", Refusal.Of(() => lot.NoteEvaluation(Sample.OtherHash, [], Now, _sample.Rules, Now)).Code);
    }

    [Fact]
    public void Nothing_can_be_told_of_a_draft() =>
        Assert.All(Facts, f => Assert.Equal("wrong-stage", Refusal.Of(() => f.Tell(_sample.Draft().Lots[0], _sample.Rules)).Code));

    // The report is of Monday, 2 March 2026. Tendering law: three days to the end of the 5th. Procurement: one working day, the 3rd. Japan: one day, the 3rd.
    [Theory]
    [InlineData("cn-tendering", "2026-03-05T16:00:00Z", "A24d", "条54")]
    [InlineData("cn-procurement", "2026-03-03T16:00:00Z", "B16m", "87号69")]
    [InlineData("jp-municipal", "2026-03-03T15:00:00Z", "J7", "市契約規則")]
    public void Candidates_stand_in_public_for_the_whole_period_before_an_award(string ruleSet, string ends, string rule, string article)
    {
        var sample = _sample with { RuleSetId = ruleSet };
        var first = Sample.Candidate(1);
        var lot = sample.Evaluated(Sample.Candidate(2), first);
        var refusal = new Refusal("publicity-length", rule, article);
        Assert.Equal(refusal, Refusal.Of(() => lot.Award(first.BidId, null, sample.Rules, Now)));
        lot.PublishCandidates(sample.Rules, Now);
        Assert.Equal(DateTimeOffset.Parse(ends, System.Globalization.CultureInfo.InvariantCulture), lot.PublicityEndsAt);
        Assert.Equal(refusal, Refusal.Of(() => lot.Award(first.BidId, null, sample.Rules, lot.PublicityEndsAt!.Value.AddSeconds(-1))));
        lot.Award(first.BidId, null, sample.Rules, lot.PublicityEndsAt!.Value);
        Assert.Equal((Stage.Awarded, first), (lot.Stage, lot.Winner));
    }

    [Fact]
    public void A_publicity_over_a_weekend_ends_on_the_next_working_day_in_procurement()
    {
        var sample = _sample with { RuleSetId = "cn-procurement" };
        var friday = new DateTimeOffset(2026, 3, 6, 1, 0, 0, TimeSpan.Zero);
        var lot = sample.Evaluated(Sample.Candidate(1));
        lot.PublishCandidates(sample.Rules, friday);
        Assert.Equal(new DateTimeOffset(2026, 3, 9, 16, 0, 0, TimeSpan.Zero), lot.PublicityEndsAt);
    }

    [Theory]
    [InlineData("cn-tendering", 3)]
    [InlineData("cn-procurement", 5)]
    [InlineData("jp-municipal", 3)]
    public void At_most_as_many_candidates_are_published_as_the_law_allows(string ruleSet, int published)
    {
        var sample = _sample with { RuleSetId = ruleSet };
        var lot = sample.Evaluated([.. new[] { 4, 2, 5, 1, 3 }.Select(rank => Sample.Candidate(rank))]);
        lot.PublishCandidates(sample.Rules, Now);
        Assert.Equal(Enumerable.Range(1, published), lot.Candidates!.Select(c => c.Rank));
    }

    [Fact]
    public void Equals_of_the_first_rank_are_never_cut_apart()
    {
        var lot = _sample.Evaluated([.. new[] { 1, 1, 1, 1, 5 }.Select(rank => Sample.Candidate(rank))]);
        lot.PublishCandidates(_sample.Rules, Now);
        Assert.Equal([1, 1, 1, 1], lot.Candidates!.Select(c => c.Rank));
    }

    [Fact]
    public void Candidates_that_come_late_are_published_with_the_rule_that_they_missed()
    {
        var rules = _sample.Rules;
        var due = rules.EndOf(rules.Get(RuleKey.PublicityStart), Now);
        var (inTime, late) = (_sample.Evaluated(Sample.Candidate(1)), _sample.Evaluated(Sample.Candidate(1)));
        inTime.PublishCandidates(rules, due.AddSeconds(-1));
        late.PublishCandidates(rules, due);
        Assert.Null(inTime.LatePublicity(rules));
        Assert.Equal(("A24", "条54"), (late.LatePublicity(rules)!.Id, late.LatePublicity(rules)!.Article));
        Assert.Equal(Stage.Publicity, late.Stage);
    }

    [Theory]
    [InlineData("cn-tendering", "A24", "条54")]
    [InlineData("cn-procurement", null, null)]
    public void There_are_no_candidates_before_the_report(string ruleSet, string? rule, string? article)
    {
        var sample = _sample with { RuleSetId = ruleSet };
        var lot = sample.Published().Lots[0];
        lot.NoteOpeningCompleted(Sample.Hash, 3, Now, sample.Rules);
        Assert.Equal(new Refusal("publicity-start", rule, article), Refusal.Of(() => lot.PublishCandidates(sample.Rules, Now)));
    }

    [Theory]
    [InlineData("cn-tendering", "A26", "条55", "A26", "条55")]
    [InlineData("cn-procurement", "B16p", "87号68", "B12", "87号57;87号68")]
    [InlineData("jp-municipal", "J4", "地方自治法234第3項", "J5", "地方自治法施行令167の9")]
    public void The_first_ranked_wins_and_between_equals_a_written_reason_chooses(string ruleSet, string rule, string article, string tieRule, string tieArticle)
    {
        var sample = _sample with { RuleSetId = ruleSet };
        var (one, other, third) = (Sample.Candidate(1), Sample.Candidate(1), Sample.Candidate(3));
        var lot = InPublicity(sample, one, other, third);
        var after = lot.PublicityEndsAt!.Value;
        Assert.Equal(new Refusal("award-first", rule, article), Refusal.Of(() => lot.Award(third.BidId, "cheaper to maintain", sample.Rules, after)));
        Assert.Equal("not-a-candidate", Refusal.Of(() => lot.Award(Guid.CreateVersion7(), "a friend", sample.Rules, after)).Code);
        foreach (var nothing in new[] { null, "", " " })
            Assert.Equal(new Refusal("price-tie", tieRule, tieArticle), Refusal.Of(() => lot.Award(other.BidId, nothing, sample.Rules, after)));
        lot.Award(other.BidId, "the shorter time of building", sample.Rules, after);
        Assert.Equal((other, "the shorter time of building"), (lot.Winner, lot.AwardReason));
    }

    [Theory]
    [InlineData("cn-tendering", "A27", "法46", "A26", "条55")]
    [InlineData("cn-procurement", "B17", "采46", "B16p", "87号68")]
    [InlineData("jp-municipal", "J8", "市契約規則", "J4", "地方自治法234第3項")]
    public void No_contract_before_the_award_notice_and_no_notice_before_the_award(string ruleSet, string rule, string article, string awardRule, string awardArticle)
    {
        var sample = _sample with { RuleSetId = ruleSet };
        var lot = InPublicity(sample, Sample.Candidate(1));
        Assert.Equal(new Refusal("award-first", awardRule, awardArticle), Refusal.Of(() => lot.IssueAwardNotice(sample.Rules, Now)));
        lot.Award(lot.Candidates![0].BidId, null, sample.Rules, lot.PublicityEndsAt!.Value);
        Assert.Equal(new Refusal("contract-within", rule, article), Refusal.Of(() => lot.SignContract(Sample.Hash, sample.Rules, Now)));
        lot.IssueAwardNotice(sample.Rules, Now);
        Assert.Equal(sample.Rules.EndOf(sample.Rules.Rules[rule], Now), lot.ContractDueBy);
    }

    [Fact]
    public void A_contract_signed_late_counts_and_is_known_as_late()
    {
        Assert.False(Signed(lot => lot.ContractDueBy!.Value.AddSeconds(-1)).SignedLate);
        var late = Signed(lot => lot.ContractDueBy!.Value);
        Assert.Equal((Stage.Contracted, true), (late.Stage, late.SignedLate));
    }

    [Fact]
    public void What_is_decided_is_not_decided_again()
    {
        var lot = Signed(_ => Now);
        foreach (var again in new Action[]
        {
            () => lot.Publish(_sample.Rules), () => lot.PublishCandidates(_sample.Rules, Now), () => lot.Award(lot.Winner!.BidId, null, _sample.Rules, Now),
            () => lot.IssueAwardNotice(_sample.Rules, Now), () => lot.SignContract(Sample.Hash, _sample.Rules, Now),
        })
            Assert.Equal("wrong-stage", Refusal.Of(again).Code);
    }

    private Lot Signed(Func<Lot, DateTimeOffset> when)
    {
        var lot = InPublicity(_sample, Sample.Candidate(1));
        lot.Award(lot.Candidates![0].BidId, null, _sample.Rules, lot.PublicityEndsAt!.Value);
        lot.IssueAwardNotice(_sample.Rules, Now);
        lot.SignContract(Sample.Hash, _sample.Rules, when(lot));
        return lot;
    }

    private static Lot InPublicity(Sample sample, params Candidate[] ranking)
    {
        var lot = sample.Evaluated(ranking);
        lot.PublishCandidates(sample.Rules, Now);
        return lot;
    }

    private static IEnumerable<T[]> Orders<T>(T[] items) => items.Length <= 1
        ? [items]
        : items.SelectMany((item, i) => Orders([.. items[..i], .. items[(i + 1)..]]).Select(rest => (T[])[item, .. rest]));
}
