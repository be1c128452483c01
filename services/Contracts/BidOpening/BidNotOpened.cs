namespace Tendering.Contracts.BidOpening;

/// <summary>A bid stays out. <paramref name="Verdict"/>: withdrawn (撤回), revoked (撤销) or rejected; <paramref name="Cause"/>: platform, custodians or bidder.</summary>
[Event("bid-opening.bid-not-opened")]
public sealed record BidNotOpened(
    Guid TenderId, Guid LotId, Guid BidId, Guid BidderId, string BidderName, string Verdict, string Cause, string Fact, string Rule, string Article,
    DateTimeOffset DecidedAt) : ITenderEvent;
