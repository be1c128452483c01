namespace Tendering.Contracts.Bidding;

/// <summary>A sealed bid arrived before the deadline. Says that it exists, never what it offers.</summary>
[Event("bidding.bid-submitted", SecretUntil = Disclosure.Opening)]
public sealed record BidSubmitted(Guid TenderId, Guid LotId, Guid BidId, Guid BidderId, int Revision, string ManifestHash, DateTimeOffset SubmittedAt) : ITenderEvent;
