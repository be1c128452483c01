namespace Tendering.Contracts.Tenders;

/// <summary>A lot failed (流标), by the rule that is named.</summary>
[Event("tenders.lot-failed")]
public sealed record LotFailed(Guid TenderId, Guid LotId, string Reason, string Rule, string Article, DateTimeOffset FailedAt) : ITenderEvent;
