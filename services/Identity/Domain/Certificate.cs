using Tendering.ServiceDefaults;

namespace Tendering.Identity.Domain;

/// <summary>An organisation's signing certificate (X.509, P-256). It is valid until it ends or is revoked; a revoked one stays so.</summary>
public sealed class Certificate
{
    /// <summary>Upper-case hexadecimal, as X.509 software shows it.</summary>
    public required string SerialNumber { get; init; }
    public required Guid OrganisationId { get; init; }
    public required string CertificatePem { get; init; }
    public required string IssuerPem { get; init; }
    public required DateTimeOffset NotBefore { get; init; }
    public required DateTimeOffset NotAfter { get; init; }
    public DateTimeOffset? RevokedAt { get; private set; }
    public string? RevocationReason { get; private set; }

    public void Revoke(string reason, DateTimeOffset now)
    {
        Rule.Require(RevokedAt is null, "certificate-revoked", $"This certificate was revoked at {RevokedAt:u} already.");
        (RevokedAt, RevocationReason) = (now, reason);
    }
}
