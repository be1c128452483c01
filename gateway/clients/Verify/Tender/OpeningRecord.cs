using Tendering.Protocols;

namespace Tendering.Verify.Tender;

/// <summary>The opening record as it is published (docs/domain/bid-opening.md); times are RFC 3339, UTC, to the microsecond.</summary>
public sealed record OpeningRecord(
    int Version, Guid TenderId, string TenderNumber, string TenderTitle, Guid LotId, int LotNumber, string LotTitle, string TendererName, string AgencyName, string RuleSet, string Currency,
    string ClosingListHash, string ClosedAt, string StartedAt, string SharesDueBy, string? RecoveryDueBy, int Threshold,
    OpeningCustodian[] Custodians, OpeningWrongShare[] WrongShares, OpenedBid[] Bids, OpeningCoefficients? Coefficients = null, OpeningComplaint[]? Complaints = null, OpeningClosing? Closing = null);

/// <summary>What followed the announcement (from version 2 on); the hash is of the record without this member.</summary>
public sealed record OpeningClosing(string AnnouncedHash, OpeningParty[]? Present = null, OpeningObjection[]? Objections = null);

/// <summary>Who was present; without a moment of signing it was silent.</summary>
public sealed record OpeningParty(string Party, Guid OrganisationId, string OrganisationName, string SignedInAt, string? SignedAt, string? Way, string? Signature);

public sealed record OpeningObjection(int Number, Guid BidderId, string BidderName, string Text, string RaisedAt, string? Answer, string? AnsweredAt);

/// <summary>A draw of random coefficients with all that repeats it. Key, alpha and proof in hexadecimal.</summary>
public sealed record OpeningCoefficients(string VrfPublicKey, string Alpha, string Proof, CoefficientInput[] Inputs, DrawnCoefficient[] Drawn, string DrawnAt);

public sealed record CoefficientInput(int Place, Guid BidId, string PriceKey);

public sealed record DrawnCoefficient(string Name, string[] Values, int Number, string Value);

/// <summary>A custodian's proof that another share was sealed to it than the manifest names.</summary>
public sealed record OpeningComplaint(int CustodianIndex, Guid BidId, string Part, string? SharedPoint, string? Proof, string UpheldAt);

public sealed record OpeningCustodian(int Index, Guid OrganisationId, string OrganisationName, string? ReleasedAt, int Good, int Wrong);

public sealed record OpeningWrongShare(int CustodianIndex, Guid BidId, string Part, string ShareHash, string ReleasedAt);

public sealed record OpenedBid(
    int Place, Guid BidId, Guid BidderId, string BidderName, string SocialCreditCode, int Revision, string ManifestHash, string SubmittedAt, bool DepositSecured,
    long? Price, OpeningSchedule? Schedule, string? PriceKey, string? OpenedBy, string? Verdict, string? Cause, string? Fact, string? Rule, string? Article,
    string DecidedAt, string[] Findings);

/// <summary>What anybody may ask of a bid on the record: signed manifest, receipt, price ciphertext (base64) and key (base64url).</summary>
public sealed record BidProof(Guid BidId, string Manifest, string Signature, string Receipt, string? PriceCiphertext, string? PriceKey)
{
    /// <summary>The proof was put together from events, which bring the ciphertext of opened bids only: that there is none says nothing.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public bool OfEvents { get; init; }
}
