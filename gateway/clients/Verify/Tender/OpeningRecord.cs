using Tendering.Protocols;

namespace Tendering.Verify.Tender;

/// <summary>The opening record as it is published (docs/domain/bid-opening.md); times are RFC 3339, UTC, to the microsecond.</summary>
public sealed record OpeningRecord(
    int Version, Guid TenderId, string TenderNumber, string TenderTitle, Guid LotId, int LotNumber, string LotTitle, string TendererName, string AgencyName, string RuleSet, string Currency,
    string ClosingListHash, string ClosedAt, string StartedAt, string SharesDueBy, string? RecoveryDueBy, int Threshold,
    OpeningCustodian[] Custodians, OpeningWrongShare[] WrongShares, OpenedBid[] Bids, OpeningClosing? Closing = null);

/// <summary>What followed the announcement (from version 2 on); the hash is of the record without this member.</summary>
public sealed record OpeningClosing(string AnnouncedHash);

public sealed record OpeningCustodian(int Index, Guid OrganisationId, string OrganisationName, string? ReleasedAt, int Good, int Wrong);

public sealed record OpeningWrongShare(int CustodianIndex, Guid BidId, string Part, string ShareHash, string ReleasedAt);

public sealed record OpenedBid(
    int Place, Guid BidId, Guid BidderId, string BidderName, string SocialCreditCode, int Revision, string ManifestHash, string SubmittedAt, bool DepositSecured,
    long? Price, OpeningSchedule? Schedule, string? PriceKey, string? OpenedBy, string? Verdict, string? Cause, string? Fact, string? Rule, string? Article,
    string DecidedAt, string[] Findings);

/// <summary>What anybody may ask of a bid on the record: signed manifest, receipt, price ciphertext (base64) and key (base64url).</summary>
public sealed record BidProof(Guid BidId, string Manifest, string Signature, string Receipt, string? PriceCiphertext, string? PriceKey);
