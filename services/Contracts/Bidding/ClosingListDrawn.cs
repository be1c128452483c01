namespace Tendering.Contracts.Bidding;

/// <summary>The bids that stand at the deadline, in order of submission.</summary>
[Event("bidding.closing-list-drawn", SecretUntil = Disclosure.Opening)]
public sealed record ClosingListDrawn(Guid TenderId, Guid LotId, string ClosingListHash, ClosedBid[] Bids, DateTimeOffset ClosedAt) : ITenderEvent;

/// <summary>A bid on the closing list. The manifest is its canonical JSON text; signature is a detached CMS in base64; the keys name ciphertexts in storage.</summary>
public sealed record ClosedBid(
    Guid BidId, Guid BidderId, string BidderName, string SocialCreditCode, int Revision, string ManifestHash, string Manifest, string Signature,
    string PriceStorageKey, string FilesStorageKey, string Receipt, bool DepositSecured, DateTimeOffset SubmittedAt);
