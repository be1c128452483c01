namespace Tendering.Contracts.BidOpening;

/// <summary>Time runs out for <paramref name="Whom"/> (custodians or bidders): the custodians that still owe a share or a complaint for a sealed bid, and how many bids are still sealed.</summary>
[Event("bid-opening.opening-reminded")]
public sealed record OpeningReminded(Guid TenderId, Guid LotId, string Whom, int[] MissingCustodians, int Sealed, DateTimeOffset DueBy, DateTimeOffset RemindedAt) : ITenderEvent;
