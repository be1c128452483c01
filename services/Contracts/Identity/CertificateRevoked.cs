namespace Tendering.Contracts.Identity;

[Event("identity.certificate-revoked")]
public sealed record CertificateRevoked(Guid OrganisationId, string SerialNumber, string Reason, DateTimeOffset RevokedAt);
