namespace Tendering.Contracts.BidOpening;

/// <summary>A party that is present confirms what was announced. <paramref name="Way"/>: session, or certificate with <paramref name="Signature"/>, a detached CMS (base64) over the announcement's bytes.</summary>
[Event("bid-opening.announcement-signed")]
public sealed record AnnouncementSigned(
    Guid TenderId, Guid LotId, Guid OrganisationId, string OrganisationName, string Way, string AnnouncedHash, string? Signature, DateTimeOffset SignedAt) : ITenderEvent;
