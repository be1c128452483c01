namespace Tendering.Contracts.Bidding;

/// <summary>The agency or a supervisor decided on a proposed extension. Where it was approved bids are taken until the new deadline from this moment on.</summary>
[Event("bidding.extension-decided")]
public sealed record ExtensionDecided(Guid TenderId, Guid LotId, Guid ProposalId, bool Approved, DateTimeOffset Deadline, string Reason, DateTimeOffset DecidedAt) : ITenderEvent;
