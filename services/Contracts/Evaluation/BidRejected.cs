namespace Tendering.Contracts.Evaluation;

/// <summary>The committee rejected a bid (否决投标) on a named ground, in the report of this hash; null where an earlier version told it.</summary>
[Event("evaluation.bid-rejected", SecretUntil = Disclosure.Report)]
public sealed record BidRejected(
    Guid TenderId, Guid LotId, Guid BidId, Guid BidderId, string Ground, string Explanation, string Rule, string Article, DateTimeOffset RejectedAt, string? ReportHash = null) : ITenderEvent;
