namespace Tendering.Contracts.BidOpening;

[Event("bid-opening.opening-started")]
public sealed record OpeningStarted(Guid TenderId, Guid LotId, int Bids, string ClosingListHash, DateTimeOffset StartedAt, DateTimeOffset SharesDueBy) : ITenderEvent;
