namespace Tendering.Contracts.BidOpening;

/// <summary>A price record was opened. <paramref name="PriceKey"/> (base64url) lets anyone open <paramref name="PriceCiphertext"/> (base64) again and compare.</summary>
[Event("bid-opening.bid-opened")]
public sealed record BidOpened(
    Guid TenderId, Guid LotId, Guid BidId, Guid BidderId, string BidderName, long Price, string Currency, string Schedule, string PriceKey,
    DateTimeOffset OpenedAt, string? PriceCiphertext = null) : ITenderEvent;
