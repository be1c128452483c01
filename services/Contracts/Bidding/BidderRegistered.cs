namespace Tendering.Contracts.Bidding;

/// <summary>A bidder takes part in a lot.</summary>
[Event("bidding.bidder-registered", SecretUntil = Disclosure.Opening)]
public sealed record BidderRegistered(Guid TenderId, Guid LotId, Guid BidderId, string BidderName, string SocialCreditCode, DateTimeOffset RegisteredAt) : ITenderEvent;
