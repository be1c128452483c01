using System.Collections.Immutable;
using Tendering.Contracts.BidOpening;
using Tendering.Contracts.Bidding;
using Tendering.Contracts.Evaluation;
using Tendering.Contracts.Tenders;
using Tendering.Protocols;
using Tendering.ServiceDefaults;

namespace Tendering.Tenders.Domain;

/// <summary>One legal move. <paramref name="Law"/> is what a move that comes too early is refused by; the events are what brings the move and what tells of it.</summary>
public sealed record Move(Stage From, Cause On, Stage To, RuleKey? Law = null, Type? Hears = null, Type? Tells = null);

/// <summary>The whole life of a tender and of its lots. A move that is in neither table is refused by a named rule.</summary>
public static class Moves
{
    /// <summary>A tender's preparation; once published its stage is the least advanced of its lots.</summary>
    public static readonly ImmutableArray<Move> OfTender =
    [
        new(Stage.Draft, Cause.ReviewRequested, Stage.InReview, Tells: typeof(ReviewRequested)),
        new(Stage.InReview, Cause.ReviewApproved, Stage.ReviewedOnce, RuleKey.DualReview, Tells: typeof(ReviewDecided)),
        new(Stage.InReview, Cause.ReviewRejected, Stage.Draft, RuleKey.DualReview, Tells: typeof(ReviewDecided)),
        new(Stage.ReviewedOnce, Cause.ReviewApproved, Stage.Approved, RuleKey.DualReview, Tells: typeof(ReviewDecided)),
        new(Stage.ReviewedOnce, Cause.ReviewRejected, Stage.Draft, RuleKey.DualReview, Tells: typeof(ReviewDecided)),
        new(Stage.Approved, Cause.Publication, Stage.Published, RuleKey.DualReview, Tells: typeof(TenderPublished)),
    ];

    public static readonly ImmutableArray<Move> OfLot =
    [
        new(Stage.Draft, Cause.Publication, Stage.Published, RuleKey.DualReview, Tells: typeof(TenderPublished)),
        new(Stage.Published, Cause.BiddingClosed, Stage.Closed, Hears: typeof(BiddingClosed)),
        new(Stage.Closed, Cause.OpeningStarted, Stage.Opening, Hears: typeof(OpeningStarted)),
        new(Stage.Opening, Cause.OpeningCompleted, Stage.Evaluating, Hears: typeof(OpeningCompleted)),
        new(Stage.Evaluating, Cause.EvaluationCompleted, Stage.Evaluated, Hears: typeof(EvaluationCompleted)),
        new(Stage.Evaluated, Cause.CandidatesPublished, Stage.Publicity, RuleKey.PublicityStart, Tells: typeof(CandidatesPublished)),
        new(Stage.Publicity, Cause.AwardDecided, Stage.Awarded, RuleKey.PublicityLength, Tells: typeof(AwardDecided)),
        new(Stage.Awarded, Cause.AwardNoticeIssued, Stage.Noticed, RuleKey.AwardFirst, Tells: typeof(AwardNoticeIssued)),
        new(Stage.Noticed, Cause.ContractSigned, Stage.Contracted, RuleKey.ContractWithin, Tells: typeof(ContractSigned)),
        .. Failing(Cause.TooFewBids, typeof(ClosingListDrawn), RuleKey.MinimumBidders, Stage.Published, Stage.Closed, Stage.Opening, Stage.Evaluating, Stage.Evaluated),
        .. Failing(Cause.NoCandidates, typeof(EvaluationCompleted), RuleKey.Rejection, Stage.Published, Stage.Closed, Stage.Opening, Stage.Evaluating),
    ];

    /// <summary>The facts that carry a published lot on by themselves, in their order. They may be heard in any other: a later one implies those before it.</summary>
    public static readonly ImmutableArray<Cause> Facts = [Cause.BiddingClosed, Cause.OpeningStarted, Cause.OpeningCompleted, Cause.EvaluationCompleted];

    /// <summary>Where the move leads. Too early names the law that asks for what is missing; too late is <c>wrong-stage</c>.</summary>
    public static Stage Take(ImmutableArray<Move> table, Stage from, Cause on, RuleSet rules)
    {
        var legal = table.Where(m => m.On == on).ToList();
        if (legal.Find(m => m.From == from) is { } move) return move.To;
        var law = legal.TrueForAll(m => from < m.From) ? legal[0].Law : null;
        var needed = string.Join(" or ", legal.Select(m => m.From.Kebab()));
        throw rules.Broken(law, $"This is {from.Kebab()}; '{on.Kebab()}' needs it to be {needed}.");
    }

    private static IEnumerable<Move> Failing(Cause on, Type hears, RuleKey law, params Stage[] from) =>
        from.Select(stage => new Move(stage, on, Stage.Failed, law, hears, typeof(LotFailed)));
}

/// <summary>Refusals in the name of the law: the key is the stable code, rule and article are those of the tender's own set.</summary>
public static class Law
{
    public static void Require(this RuleSet rules, RuleKey law, bool holds, string message)
    {
        if (!holds) throw rules.Broken(law, message);
    }

    public static RuleBrokenException Broken(this RuleSet rules, RuleKey? law, string message)
    {
        var rule = law is { } key ? rules.Find(key) : null;
        return new RuleBrokenException(law?.Name ?? "wrong-stage", message, rule?.Id, rule?.Article);
    }
}
