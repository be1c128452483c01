namespace Tendering.Contracts.BidOpening;

/// <summary>The bids that are stored are not those of the closing list: somebody changed them, and the opening stands still.</summary>
[Event("bid-opening.closing-list-differs")]
public sealed record ClosingListDiffers(Guid TenderId, Guid LotId, string ClosingListHash, string StoredHash, DateTimeOffset FoundAt) : ITenderEvent;
