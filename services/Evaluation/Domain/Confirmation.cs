using Tendering.Protocols;
using Tendering.ServiceDefaults;

namespace Tendering.Evaluation.Domain;

/// <summary>One member's decision on one bid.</summary>
public sealed record Vote(Guid BidId, bool Accepted, string? Ground, string? Explanation);

/// <summary>What one member confirmed, once a round.</summary>
public sealed class Confirmation
{
    public Guid LotId { get; private init; }
    public required int Round { get; init; }
    public required int Seat { get; init; }
    public required Vote[] Votes { get; init; }
    public string? FewBidsReason { get; init; }
    public required DateTimeOffset ConfirmedAt { get; init; }

    /// <summary>A member may differ from what the examination proposes, but then it says why; every bid that was opened is decided on.</summary>
    public static Confirmation Of(int round, int seat, IReadOnlyList<Vote> votes, string? fewBidsReason, LotTerms terms, IReadOnlyList<BidFacts> bids, DateTimeOffset now)
    {
        CheckComplete(votes, bids);
        var checkedVotes = votes.OrderBy(v => v.BidId).Select(v => Checked(v, bids.Single(b => b.Record.BidId == v.BidId), terms)).ToArray();
        var reason = string.IsNullOrWhiteSpace(fewBidsReason) ? null : fewBidsReason.Trim();
        RequireFewBidsReason(checkedVotes.Count(v => v.Accepted), reason is not null, terms);
        return new Confirmation { Round = round, Seat = seat, Votes = checkedVotes, FewBidsReason = reason, ConfirmedAt = now };
    }

    /// <summary>The same, as it stands in a later round.</summary>
    public Confirmation In(int round) => new() { Round = round, Seat = Seat, Votes = Votes, FewBidsReason = FewBidsReason, ConfirmedAt = ConfirmedAt };

    /// <summary>Too few valid bids do not fail a lot by themselves: the committee says whether competition remains.</summary>
    public static void RequireFewBidsReason(int valid, bool given, LotTerms terms)
    {
        var rule = RuleSet.Get(terms.RuleSet).Find(RuleKey.FewValidBids);
        Rule.Require(!IsFewBidsReasonMissing(valid, given, terms), "few-bids-reason-missing",
            $"Only {valid} valid bids remain, fewer than {rule?.Count}: state in fewBidsReason whether competition remains, and why.", rule?.Id, rule?.Article);
    }

    public static bool IsFewBidsReasonMissing(int valid, bool given, LotTerms terms) => !given && valid > 0 && valid < RuleSet.Get(terms.RuleSet).Find(RuleKey.FewValidBids)?.Count;

    private static void CheckComplete(IReadOnlyList<Vote> votes, IReadOnlyList<BidFacts> bids)
    {
        if (votes.DistinctBy(v => v.BidId).Count() != votes.Count) throw new MalformedException("findings", "A bid appears twice.");
        if (votes.Any(v => bids.All(b => b.Record.BidId != v.BidId))) throw new MalformedException("findings", "A bid is not on the opening record.");
        if (bids.Any(b => b.IsOpened && votes.All(v => v.BidId != b.Record.BidId))) throw new MalformedException("findings", "Every bid that was opened is decided on: one is missing.");
    }

    private static Vote Checked(Vote vote, BidFacts bid, LotTerms terms)
    {
        var proposed = PreliminaryExamination.Examine(terms, bid);
        var explanation = string.IsNullOrWhiteSpace(vote.Explanation) ? null : vote.Explanation.Trim();
        if (vote.Accepted)
        {
            Rule.Require(bid.IsOpened, "not-opened-bid", "A bid that was not opened cannot be accepted: there is nothing to evaluate.", proposed.FirstOrDefault()?.Rule, proposed.FirstOrDefault()?.Article);
            Rule.Require(proposed.Length == 0 || explanation is not null, "explanation-missing", "The examination speaks against this bid: explain in writing why you accept it.",
                proposed.FirstOrDefault()?.Rule, proposed.FirstOrDefault()?.Article);
            return vote with { Ground = null, Explanation = explanation };
        }
        if (vote.Ground is null || Ground.Find(vote.Ground) is not { } ground) throw new MalformedException("findings", $"A rejection needs a ground of this list: {string.Join(", ", Ground.All.Select(g => g.Code))}.");
        var rule = ground.RuleIn(RuleSet.Get(terms.RuleSet));
        Rule.Require(proposed.Any(f => f.Ground == ground.Code) || explanation is not null, "explanation-missing", "The examination does not propose this ground: explain in writing why you reject the bid.", rule.Id, rule.Article);
        return vote with { Explanation = explanation };
    }
}
