using System.Text;
using Tendering.Evaluation.Domain;
using Tendering.Protocols;

namespace Tendering.Evaluation.Tests.Domain;

public class EvaluationReportTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 2, 1, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Whatever_the_committee_votes_a_rejected_bid_never_ranks_and_the_order_of_inputs_changes_nothing()
    {
        var seed = Random.Shared.Next();
        var random = new Random(seed);
        for (var run = 0; run < 300; run++)
        {
            var inputs = Some(random);
            var report = EvaluationReport.Draw(inputs);
            var standing = report.Bids.Where(b => b.Outcome == BidConclusion.Accepted).Select(b => b.BidId).ToHashSet();
            Assert.True(report.Ranking.Select(r => r.BidId).ToHashSet().SetEquals(standing), $"seed {seed}");
            Assert.True(report.Candidates.All(c => c.Rank <= 3 && report.Ranking.Contains(c)), $"seed {seed}");
            Assert.True(report.Bids.Where(b => b.Outcome == BidConclusion.Rejected).All(b => b.Against * 2 > inputs.Members.Length && b.Rule is not null && b.Explanation is not null), $"seed {seed}");
            Assert.True(report.Bids.All(b => b.Dissents.Length == (b.Outcome == BidConclusion.Rejected ? b.For : b.Against)), $"seed {seed}");

            var (bids, votes) = (inputs.Bids.ToArray(), inputs.Votes.Select(v => v with { Votes = Shuffled(v.Votes, random) }).ToArray());
            var again = EvaluationReport.Draw(inputs with { Bids = Shuffled(bids, random), Votes = Shuffled(votes, random), Members = Shuffled(inputs.Members, random) });
            Assert.True(report.Canonical().AsSpan().SequenceEqual(again.Canonical()), $"seed {seed}");
            Assert.True(EvaluationReport.Draw(CanonicalJson.Deserialize<EvaluationReport>(report.Canonical()).Inputs).Canonical().AsSpan().SequenceEqual(report.Canonical()), $"seed {seed}");
        }
    }

    [Fact]
    public void Exactly_half_of_the_committee_rejects_nobody()
    {
        var bid = Bid(500);
        Vote[] against = [new Vote(bid.Record.BidId, false, "not-qualified", "no licence")], infavour = [new Vote(bid.Record.BidId, true, null, null)];
        BidConclusion Conclude(params Vote[][] votes) => EvaluationReport.Draw(Inputs([bid], votes)).Bids.Single();
        Assert.Equal(BidConclusion.Accepted, Conclude(against, infavour).Outcome);
        Assert.Equal(BidConclusion.Accepted, Conclude(against, against, infavour, infavour).Outcome);
        Assert.Equal(BidConclusion.Rejected, Conclude(against, against, infavour).Outcome);
    }

    [Fact]
    public void The_ground_is_the_one_that_most_name()
    {
        var bid = Bid(500);
        Vote[] On(string ground) => [new Vote(bid.Record.BidId, false, ground, "because of " + ground)];
        var conclusion = EvaluationReport.Draw(Inputs([bid], On("price-below-cost"), On("not-responsive"), On("not-responsive"))).Bids.Single();
        Assert.Equal(("not-responsive", "because of not-responsive", "A22"), (conclusion.Ground, conclusion.Explanation, conclusion.Rule));
    }

    [Fact]
    public void Every_ground_of_the_list_has_a_rule_in_every_rule_set()
    {
        Assert.Equal(Ground.All.Count, Ground.All.DistinctBy(g => g.Code).Count());
        foreach (var rules in RuleSet.All)
            foreach (var ground in Ground.All) Assert.NotEqual("", ground.RuleIn(rules).Article);
    }

    [Fact]
    public void A_minimum_price_counts_only_where_the_law_allows_one()
    {
        var low = Bid(1);
        Assert.Equal("price-below-minimum", Assert.Single(PreliminaryExamination.Examine(Terms with { RuleSet = "jp-municipal", MinimumPrice = 100 }, low)).Ground);
        Assert.Empty(PreliminaryExamination.Examine(Terms with { MinimumPrice = 100 }, low));
    }

    [Fact]
    public void At_the_ceiling_and_at_the_minimum_a_price_stands()
    {
        var terms = Terms with { RuleSet = "jp-municipal", MinimumPrice = 100 };
        Assert.Empty(PreliminaryExamination.Examine(terms, Bid(100)));
        Assert.Empty(PreliminaryExamination.Examine(terms, Bid(terms.CeilingPrice)));
        Assert.Single(PreliminaryExamination.Examine(terms, Bid(99)));
        Assert.Single(PreliminaryExamination.Examine(terms, Bid(terms.CeilingPrice + 1)));
    }

    [Theory]
    [InlineData(123456, "CNY", "1,234.56 CNY")]
    [InlineData(123456, "JPY", "123,456 JPY")]
    public void An_amount_is_written_in_its_currency_s_units(long minor, string currency, string text) => Assert.Equal(text, Money.Text(minor, currency));

    [Fact]
    public void Only_the_moves_of_the_table_are_there()
    {
        Assert.Equal(7, LotEvaluation.Moves.Count);
        Assert.DoesNotContain(LotEvaluation.Moves, m => m.From is EvaluationStage.Completed or EvaluationStage.Stopped);
        Assert.DoesNotContain(LotEvaluation.Moves, m => m.To == EvaluationStage.Completed && m.From != EvaluationStage.Signing);
    }

    [Fact]
    public void The_canonical_report_holds_no_name_of_a_member()
    {
        var identity = MemberIdentity.Of(Guid.NewGuid(), "Wang", "An Institute", "key");
        var report = EvaluationReport.Draw(Inputs([Bid(500)], [[]]) with { Members = [new SeatCommitment(1, identity.Commitment)] });
        var text = Encoding.UTF8.GetString(report.Canonical());
        Assert.DoesNotContain("Wang", text, StringComparison.Ordinal);
        Assert.NotEqual(identity.Commitment, MemberIdentity.Of(identity.Expert, "Wang", "An Institute", "key").Commitment);
    }

    private static LotTerms Terms { get; } = new("T-1", "A bridge", 1, "Lot 1", "cn-tendering", "CNY", "Agency", "Tenderer", 1_000, null, 0, "lowest-evaluated-price");

    private static BidFacts Bid(long? price, bool secured = true) =>
        new(new BidOnRecord(Guid.NewGuid(), Guid.NewGuid(), "B", "C", price, price is null ? "revoked" : null, "m", Now), secured, null);

    private static ReportInputs Inputs(BidFacts[] bids, params Vote[][] votes) => new(Guid.NewGuid(), Guid.NewGuid(), Terms, "r", Guid.NewGuid(), bids,
        [.. votes.Select((_, i) => new SeatCommitment(i + 1, "c"))], [.. votes.Select((v, i) => new SeatVotes(i + 1, v, null, Now))], Now);

    private static ReportInputs Some(Random random)
    {
        BidFacts[] bids = [.. Enumerable.Range(0, random.Next(8)).Select(_ => Bid(random.Next(6) == 0 ? null : random.Next(800, 1_100), random.Next(4) > 0))];
        Vote Any(BidFacts bid) => random.Next(2) == 0 ? new Vote(bid.Record.BidId, true, null, "e") : new Vote(bid.Record.BidId, false, Ground.All[random.Next(Ground.All.Count)].Code, "e");
        var votes = Enumerable.Range(0, random.Next(1, 8)).Select(_ => bids.Where(b => b.Record.Price is not null).Select(Any).ToArray()).ToArray();
        return Inputs(bids, votes) with { Terms = Terms with { Deposit = random.Next(2) * 20 } };
    }

    private static T[] Shuffled<T>(T[] items, Random random)
    {
        var copy = items.ToArray();
        random.Shuffle(copy);
        return copy;
    }
}
