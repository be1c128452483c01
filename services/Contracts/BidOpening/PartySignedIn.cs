namespace Tendering.Contracts.BidOpening;

/// <summary>Someone is present at the opening. Told from its start on, also of those who came before. <paramref name="Party"/>: bidder, agency, custodian, supervisor or centre.</summary>
[Event("bid-opening.party-signed-in")]
public sealed record PartySignedIn(Guid TenderId, Guid LotId, string Party, Guid OrganisationId, string OrganisationName, DateTimeOffset SignedInAt) : ITenderEvent;
