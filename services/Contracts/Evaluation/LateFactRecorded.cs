namespace Tendering.Contracts.Evaluation;

/// <summary>That a bid's archive was not opened came after the evaluation was complete. Its result stands until those decide who may: agency and supervisor see the fact.</summary>
[Event("evaluation.late-fact-recorded")]
public sealed record LateFactRecorded(
    Guid TenderId, Guid LotId, Guid BidId, Guid BidderId, string BidderName, string Verdict, string Cause, string Fact, string Rule, string Article, DateTimeOffset RecordedAt) : ITenderEvent;
