namespace Tendering.Contracts.BidOpening;

/// <summary>The custodians' time is over with bids still sealed: their bidders are asked for the keys, as long again.</summary>
[Event("bid-opening.recovery-asked")]
public sealed record RecoveryAsked(Guid TenderId, Guid LotId, int[] MissingCustodians, int Sealed, DateTimeOffset DueBy, DateTimeOffset AskedAt) : ITenderEvent;
