namespace Tendering.Contracts.BidOpening;

/// <summary>A bid's archive stays closed or is unfit, found after its price was read out. Verdict and cause follow from the fact as in <see cref="BidNotOpened"/>.</summary>
[Event("bid-opening.archive-not-opened")]
public sealed record ArchiveNotOpened(
    Guid TenderId, Guid LotId, Guid BidId, Guid BidderId, string BidderName, string Verdict, string Cause, string Fact, string Rule, string Article,
    DateTimeOffset DecidedAt) : ITenderEvent;
