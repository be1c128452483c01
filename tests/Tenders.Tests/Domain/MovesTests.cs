using System.Collections.Immutable;
using Tendering.Protocols;
using Tendering.ServiceDefaults;
using Tendering.Tenders.Domain;

namespace Tendering.Tenders.Tests.Domain;

public class MovesTests
{
    private const int Runs = 300, Steps = 60;
    private static readonly DateTimeOffset Now = Sample.Start;

    public static readonly TheoryData<string> RuleSets = ["cn-tendering", "cn-procurement", "jp-municipal"];

    [Fact]
    public void The_tables_are_sound()
    {
        foreach (var table in new[] { Moves.OfTender, Moves.OfLot }) Assert.Equal(table.Length, table.DistinctBy(m => (m.From, m.On)).Count());
        Assert.DoesNotContain(Moves.OfLot, m => m.From is Stage.Failed or Stage.Contracted);
        Assert.All(Moves.OfLot, m => Assert.True(m.To > m.From));
        Assert.Equal(Moves.OfLot.Select(m => m.From).Append(Stage.Contracted).Append(Stage.Failed).ToHashSet(), Moves.OfLot.Select(m => m.To).Append(Stage.Draft).ToHashSet());
        Assert.All(Moves.Facts, f => Assert.Single(Moves.OfLot, m => m.On == f));
        Assert.Equal(Moves.Facts.Order(), Moves.Facts);
    }

    [Theory, MemberData(nameof(RuleSets))]
    public void A_move_that_is_not_in_the_table_is_refused_by_a_name(string ruleSet)
    {
        var rules = RuleSet.Get(ruleSet);
        foreach (var table in new[] { Moves.OfTender, Moves.OfLot })
            foreach (var from in Enum.GetValues<Stage>())
                foreach (var on in table.Select(m => m.On).Distinct().Where(on => !table.Any(m => m.On == on && m.From == from)))
                {
                    var early = table.Where(m => m.On == on).All(m => from < m.From);
                    var law = early ? table.First(m => m.On == on).Law : null;
                    var rule = law is { } key ? rules.Find(key) : null;
                    Assert.Equal(new Refusal(law?.Name ?? "wrong-stage", rule?.Id, rule?.Article), Refusal.Of(() => Moves.Take(table, from, on, rules)));
                }
    }

    [Theory, MemberData(nameof(RuleSets))]
    public void Whatever_is_tried_nothing_leaves_the_tables(string ruleSet)
    {
        var seed = Random.Shared.Next();
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var (random, taken) = (new Random(seed), new HashSet<Move>());
        for (var run = 0; run < Runs; run++)
        {
            var world = new World(new Sample { RuleSetId = ruleSet, Lots = 2 }.WithKeys(), random);
            for (var step = 0; step < Steps; step++) world.TryAnything(seed, taken);
        }
        // A test that never gets anywhere would prove nothing.
        Assert.Equal(Moves.OfTender.Length, taken.Count(Moves.OfTender.Contains));
        Assert.True(taken.Count(Moves.OfLot.Contains) > Moves.OfLot.Length / 2, $"only {taken.Count} kinds of moves were taken, seed {seed}");
    }

    private sealed class World(Tender tender, Random random)
    {
        private DateTimeOffset _now = Now;
        private RuleSet Rules => tender.Rules;

        public void TryAnything(int seed, HashSet<Move> taken)
        {
            var lot = tender.Lots[random.Next(tender.Lots.Count)];
            var (on, attempt) = random.Next(3) == 0 ? OnTender() : OnLot(lot);
            var (tenderBefore, before) = (tender.Preparation, tender.Lots.Select(l => l.Stage).ToArray());
            var refused = false;
            try { attempt(); }
            catch (RuleBrokenException) { refused = true; }
            if (random.Next(8) == 0) _now = _now.AddDays(random.Next(4));
            Check(Moves.OfTender, tenderBefore, tender.Preparation, on, refused, seed, taken);
            for (var i = 0; i < before.Length; i++) Check(Moves.OfLot, before[i], tender.Lots[i].Stage, on, refused, seed, taken);
        }

        private (Cause, Action) OnTender() => random.Next(4) switch
        {
            0 => (Cause.ReviewRequested, tender.RequestReview),
            1 when random.Next(3) == 0 => (Cause.ReviewRejected, () => Sample.Review(tender, random.Next(1, 3), Guid.CreateVersion7(), approved: false)),
            1 or 2 => (Cause.ReviewApproved, () => Sample.Review(tender, random.Next(1, 3), Guid.CreateVersion7())),
            _ => (Cause.Publication, () => tender.Publish(_now)),
        };

        private (Cause, Action) OnLot(Lot lot) => random.Next(9) switch
        {
            0 => (Cause.BiddingClosed, () => lot.NoteClosing(Sample.Hash, _now, Rules)),
            1 => random.Next(8) == 0 ? (Cause.TooFewBids, () => lot.NoteClosingList(0, Sample.Hash, _now, Rules, _now)) : (Cause.BiddingClosed, () => lot.NoteClosingList(3, Sample.Hash, _now, Rules, _now)),
            2 => (Cause.OpeningStarted, () => lot.NoteOpening(3, Sample.Hash, _now, Rules)),
            3 => (Cause.OpeningCompleted, () => lot.NoteOpeningCompleted(Sample.Hash, 3, _now, Rules)),
            4 => random.Next(4) == 0 ? (Cause.NoCandidates, () => lot.NoteEvaluation(Sample.Hash, [], _now, Rules, _now))
                : (Cause.EvaluationCompleted, () => lot.NoteEvaluation(Sample.Hash, [Sample.Candidate(1), Sample.Candidate(2)], _now, Rules, _now)),
            5 => (Cause.CandidatesPublished, () => lot.PublishCandidates(Rules, _now)),
            6 => (Cause.AwardDecided, () => lot.Award((lot.Candidates ?? [Sample.Candidate(1)])[random.Next(lot.Candidates?.Length ?? 1)].BidId, null, Rules, _now)),
            7 => (Cause.AwardNoticeIssued, () => lot.IssueAwardNotice(Rules, _now)),
            _ => (Cause.ContractSigned, () => lot.SignContract(Sample.Hash, Rules, _now)),
        };

        private static void Check(ImmutableArray<Move> table, Stage from, Stage to, Cause on, bool refused, int seed, HashSet<Move> taken)
        {
            if (from == to) return;
            Assert.False(refused, $"a refused {on} moved {from} to {to}, seed {seed}");
            // A fact may go through the moves of those before it; a decision takes exactly one.
            for (var at = from; at != to;)
            {
                var move = table.FirstOrDefault(m => m.From == at && m.On == on) ?? table.FirstOrDefault(m => m.From == at && Moves.Facts.Contains(on) && m.On < on && Moves.Facts.Contains(m.On));
                Assert.True(move is not null, $"{on} moved {from} to {to}, which is in no table, seed {seed}");
                taken.Add(move);
                at = move.To;
            }
        }
    }
}
