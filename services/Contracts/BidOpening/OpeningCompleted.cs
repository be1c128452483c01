namespace Tendering.Contracts.BidOpening;

/// <summary>The opening record (开标记录) is public under its hash.</summary>
[Event("bid-opening.opening-completed")]
public sealed record OpeningCompleted(
    Guid TenderId, Guid LotId, string RecordHash, OpenedBid[] Bids, DateTimeOffset CompletedAt, DrawnCoefficient[]? Coefficients = null) : ITenderEvent;

/// <summary>One line of the opening record. Price in minor units, null where the bid was not opened.</summary>
public sealed record OpenedBid(
    Guid BidId, Guid BidderId, string BidderName, string SocialCreditCode, long? Price, string? Verdict, string ManifestHash, bool DepositSecured, DateTimeOffset SubmittedAt);
