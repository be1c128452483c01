namespace Tendering.BidOpening.Data;

/// <summary>A local copy of who is who, as identity told it.</summary>
public sealed class Organisation
{
    public required Guid Id { get; init; }
    public required string Name { get; init; }
}

/// <summary>With what an organisation signs, by the certificate's SHA-256, as identity told it.</summary>
public sealed class Certificate
{
    public required string Thumbprint { get; init; }
    public required Guid OrganisationId { get; init; }
    public required string IssuerPem { get; init; }
}

/// <summary>A certificate that identity revoked. Kept apart, since nothing says that its issue is heard first.</summary>
public sealed class Revocation
{
    public required Guid OrganisationId { get; init; }

    /// <summary>In the spelling of <see cref="Protocols.RevocationList.Normal"/>.</summary>
    public required string SerialNumber { get; init; }

    public required DateTimeOffset RevokedAt { get; init; }
}
