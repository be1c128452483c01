namespace Tendering.Contracts.Bidding;

/// <summary>A higher revision voids the earlier one, which stays on record.</summary>
[Event("bidding.bid-replaced", SecretUntil = Disclosure.Opening)]
public sealed record BidReplaced(
    Guid TenderId, Guid LotId, Guid BidId, Guid ReplacedBidId, Guid BidderId, int Revision, string ManifestHash, DateTimeOffset SubmittedAt) : ITenderEvent;
