using Tendering.Protocols;

namespace Tendering.Evaluation.Domain;

/// <summary>The evaluation report (评标报告): what went in, and what follows from it. Whoever has the one can compute the other.</summary>
/// <param name="FewBids">Null: enough valid bids remained, or the rule set asks nothing there.</param>
/// <param name="Rules">The text of every rule that the report cites.</param>
public sealed record EvaluationReport(int Version, ReportInputs Inputs, BidConclusion[] Bids, FewBids? FewBids, RankedBid[] Ranking, RankedBid[] Candidates, CitedRule[] Rules)
{
    public const int VersionOne = 1;

    /// <summary>Says of a bid that its archive was not opened; readers of version 1 do not know that.</summary>
    public const int VersionTwo = 2;

    /// <summary>Draws the report: a pure function of its inputs, whatever order they come in.</summary>
    public static EvaluationReport Draw(ReportInputs given)
    {
        var inputs = given with
        {
            Bids = [.. given.Bids.OrderBy(b => b.Record.SubmittedAt).ThenBy(b => b.Record.BidId)], Members = [.. given.Members.OrderBy(m => m.Seat)],
            Votes = [.. given.Votes.OrderBy(v => v.Seat).Select(v => v with { Votes = [.. v.Votes.OrderBy(x => x.BidId)] })],
        };
        var rules = RuleSet.Get(inputs.Terms.RuleSet);
        BidConclusion[] bids = [.. inputs.Bids.Select(b => BidConclusion.Of(b, inputs, rules))];
        var accepted = inputs.Bids.Where(b => bids.Single(c => c.BidId == b.Record.BidId).Outcome == BidConclusion.Accepted).Select(b => b.Record).ToList();
        var ranking = Domain.Ranking.Of(accepted);
        var fewBids = FewBids.Of(accepted.Count, inputs, rules);
        var candidates = Domain.Ranking.Candidates(ranking, rules.Find(RuleKey.CandidatesMax)?.Count);
        return new EvaluationReport(inputs.Bids.Any(b => b.Archive is not null) ? VersionTwo : VersionOne, inputs, bids, fewBids, ranking, candidates, Cited(bids, fewBids, rules));
    }

    public byte[] Canonical() => CanonicalJson.Serialize(this);

    private static CitedRule[] Cited(BidConclusion[] bids, FewBids? fewBids, RuleSet rules)
    {
        LawRule?[] always = [rules.Find(RuleKey.CandidatesMax), rules.Find(RuleKey.PriceTie)];
        var ids = bids.SelectMany(b => b.Findings.Select(f => f.Rule).Append(b.Rule)).Append(fewBids?.Rule).Concat(always.Select(r => r?.Id)).OfType<string>();
        return [.. ids.Distinct().Order(StringComparer.Ordinal).Select(id => rules.Rules[id]).Select(r => new CitedRule(r.Id, r.Article, r.Text))];
    }
}

/// <summary>Everything that the conclusions are computed from. Members appear by seat only: who they are is secret until the result.</summary>
public sealed record ReportInputs(
    Guid TenderId, Guid LotId, LotTerms Terms, string OpeningRecordHash, Guid DrawId, BidFacts[] Bids, SeatCommitment[] Members, SeatVotes[] Votes, DateTimeOffset DrawnAt);

/// <summary>A member by its seat; the commitment is opened with the result (see <see cref="MemberIdentity"/>).</summary>
public sealed record SeatCommitment(int Seat, string Commitment);

public sealed record SeatVotes(int Seat, Vote[] Votes, string? FewBidsReason, DateTimeOffset ConfirmedAt);

public sealed record CitedRule(string Id, string Article, string Text);

/// <summary>That few valid bids remained, and what the members say of it.</summary>
public sealed record FewBids(int Valid, int Fewer, string Rule, string Article, SeatReason[] Reasons)
{
    public static FewBids? Of(int valid, ReportInputs inputs, RuleSet rules) => rules.Find(RuleKey.FewValidBids) is { } rule && valid < rule.Count
        ? new FewBids(valid, rule.Count, rule.Id, rule.Article, [.. inputs.Votes.Where(v => v.FewBidsReason is not null).Select(v => new SeatReason(v.Seat, v.FewBidsReason!))])
        : null;
}

public sealed record SeatReason(int Seat, string Reason);

/// <summary>What the committee concluded on one bid: more than half of the members reject it, or it stands. Dissents are recorded with their seats.</summary>
public sealed record BidConclusion(
    Guid BidId, string Outcome, Finding[] Findings, int For, int Against, string? Ground, string? Explanation, string? Rule, string? Article, SeatVote[] Dissents)
{
    public const string Accepted = "accepted", Rejected = "rejected", NotOpened = "not-opened";

    public static BidConclusion Of(BidFacts bid, ReportInputs inputs, RuleSet rules)
    {
        var findings = PreliminaryExamination.Examine(inputs.Terms, bid);
        if (!bid.IsOpened)
            return new BidConclusion(bid.Record.BidId, NotOpened, findings, 0, 0, findings[0].Ground, findings[0].Explanation, findings[0].Rule, findings[0].Article, []);
        var votes = inputs.Votes.SelectMany(s => s.Votes.Where(v => v.BidId == bid.Record.BidId).Select(v => new SeatVote(s.Seat, v.Accepted, v.Ground, v.Explanation))).ToList();
        var against = votes.Count(v => !v.Accepted);
        var rejected = against * 2 > inputs.Members.Length;
        SeatVote[] dissents = [.. votes.Where(v => v.Accepted == rejected)];
        if (!rejected) return new BidConclusion(bid.Record.BidId, Accepted, findings, votes.Count - against, against, null, null, null, null, dissents);

        var (ground, explanation) = GroundOf(votes.Where(v => !v.Accepted), findings);
        var rule = ground.RuleIn(rules);
        return new BidConclusion(bid.Record.BidId, Rejected, findings, votes.Count - against, against, ground.Code, explanation, rule.Id, rule.Article, dissents);
    }

    // The ground that most of them name; among equals the one that the closed list has first.
    private static (Ground Ground, string Explanation) GroundOf(IEnumerable<SeatVote> rejecting, Finding[] findings)
    {
        var group = rejecting.GroupBy(v => v.Ground!).OrderByDescending(g => g.Count()).ThenBy(g => IndexOf(g.Key)).First();
        var explanation = findings.FirstOrDefault(f => f.Ground == group.Key)?.Explanation ?? group.OrderBy(v => v.Seat).First(v => v.Explanation is not null).Explanation!;
        return (Domain.Ground.Find(group.Key)!, explanation);
    }

    private static int IndexOf(string ground) => Domain.Ground.All.TakeWhile(g => g.Code != ground).Count();
}

public sealed record SeatVote(int Seat, bool Accepted, string? Ground, string? Explanation);
