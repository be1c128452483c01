namespace Tendering.Contracts.Evaluation;

/// <summary>A bid's archive was not opened, and the evaluation is not over: the bid is not evaluated. Verdict, cause and fact are bid-opening's.</summary>
[Event("evaluation.bid-excluded")]
public sealed record BidExcluded(
    Guid TenderId, Guid LotId, Guid BidId, Guid BidderId, string Verdict, string Cause, string Fact, string Rule, string Article, DateTimeOffset ExcludedAt) : ITenderEvent;
