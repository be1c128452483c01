namespace Tendering.Contracts.Tenders;

/// <summary>A draft and its documents wait for the dual review (双审制).</summary>
[Event("tenders.review-requested")]
public sealed record ReviewRequested(Guid TenderId, string Title, Guid AgencyId, string DocumentsHash, DateTimeOffset RequestedAt) : ITenderEvent;
