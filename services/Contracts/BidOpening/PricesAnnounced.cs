namespace Tendering.Contracts.BidOpening;

/// <summary>Every bid has its outcome. What was announced stands under its hash; until <paramref name="ConfirmBy"/> those present object or sign.</summary>
[Event("bid-opening.prices-announced")]
public sealed record PricesAnnounced(Guid TenderId, Guid LotId, string AnnouncedHash, DateTimeOffset ConfirmBy, DateTimeOffset AnnouncedAt) : ITenderEvent;
