namespace Tendering.Contracts.Bidding;

/// <summary>The deadline has passed and the closing list is fixed; its hash is public, the list is not yet.</summary>
[Event("bidding.bidding-closed")]
public sealed record BiddingClosed(Guid TenderId, Guid LotId, string ClosingListHash, DateTimeOffset ClosedAt) : ITenderEvent;
