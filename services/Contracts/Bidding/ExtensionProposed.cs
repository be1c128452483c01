namespace Tendering.Contracts.Bidding;

/// <summary>Bidding could not be reached for a large part of the last hours before a deadline: the platform proposes a later one, for the agency or a supervisor to decide.</summary>
[Event("bidding.extension-proposed")]
public sealed record ExtensionProposed(
    Guid TenderId, Guid LotId, Guid ProposalId, DateTimeOffset Deadline, DateTimeOffset ProposedDeadline, ReportedOutage[] Outages, DateTimeOffset ProposedAt) : ITenderEvent;

/// <summary>No heartbeat from the one to the other. Both are signed (JWS, ES256, type <c>tendering-heartbeat</c>) by the key that signs receipts.</summary>
public sealed record ReportedOutage(DateTimeOffset From, DateTimeOffset Until, string LastBefore, string FirstAfter);
