namespace Tendering.Contracts.Bidding;

/// <summary>The bidder took its bid back before the deadline (撤回).</summary>
[Event("bidding.bid-withdrawn", SecretUntil = Disclosure.Opening)]
public sealed record BidWithdrawn(Guid TenderId, Guid LotId, Guid BidId, Guid BidderId, int Revision, DateTimeOffset WithdrawnAt) : ITenderEvent;
