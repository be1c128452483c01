namespace Tendering.Contracts.Identity;

/// <summary>An organisation may sign with this X.509 certificate (P-256) while it is valid and not revoked.</summary>
[Event("identity.certificate-issued")]
public sealed record CertificateIssued(
    Guid OrganisationId, string SerialNumber, string CertificatePem, string IssuerPem, DateTimeOffset NotBefore, DateTimeOffset NotAfter);
