namespace Tendering.Contracts.Tenders;

/// <summary>A tender is public: all that others need to take bids, hold money, open, draw and evaluate. Amounts in minor units (fen).</summary>
[Event("tenders.tender-published")]
public sealed record TenderPublished(
    Guid TenderId, string Number, string Title, string RuleSet, Guid AgencyId, string AgencyName, Guid TendererId, string TendererName, string Currency,
    DateTimeOffset PublishedAt, string DocumentsHash, int Threshold, PublishedCustodian[] Custodians, PublishedLot[] Lots,
    PublishedDepositTerms? DepositTerms = null) : ITenderEvent;

/// <summary>
/// What the tender documents say of the security of bids; without them a deposit is paid by transfer. <paramref name="LetterKinds"/>: bank, insurer,
/// guarantor, as far as such letters are taken. <paramref name="BidValidityDays"/>: how long bids bind, counted from the deadline.
/// </summary>
public sealed record PublishedDepositTerms(int BidValidityDays, string[] LetterKinds, PublishedExemption[] Exemptions);

/// <summary>A ground on which no deposit is asked for, such as <c>small-enterprise</c>, in the documents' own words.</summary>
public sealed record PublishedExemption(string Ground, string Text);

/// <summary>Who holds share <paramref name="Index"/> (from 1) of what opens the bids. The key is a P-256 point, base64url.</summary>
public sealed record PublishedCustodian(int Index, Guid OrganisationId, string OrganisationName, string PublicKey);

/// <summary>One lot. <paramref name="OpeningMinutes"/> is the time that custodians, and then bidders, have to help open the bids.</summary>
public sealed record PublishedLot(
    Guid LotId, int Number, string Title, long CeilingPrice, long? MinimumPrice, long Deposit, DateTimeOffset BidDeadline, DateTimeOffset OpeningAt,
    int OpeningMinutes, string EvaluationMethod, string Specialty, int CommitteeSize, int MinimumBidders, PublishedCoefficient[]? Coefficients = null);

/// <summary>A random coefficient (K, down-float) that is drawn at the opening from these values, decimals as the tender documents write them.</summary>
public sealed record PublishedCoefficient(string Name, string[] Values);
