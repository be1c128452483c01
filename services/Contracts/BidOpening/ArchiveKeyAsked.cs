namespace Tendering.Contracts.BidOpening;

/// <summary>The custodians' time is over and the key of an opened bid's archive has not come: its bidder is asked for it, as long again.</summary>
[Event("bid-opening.archive-key-asked")]
public sealed record ArchiveKeyAsked(Guid TenderId, Guid LotId, Guid BidId, Guid BidderId, int[] MissingCustodians, DateTimeOffset DueBy, DateTimeOffset AskedAt) : ITenderEvent;
