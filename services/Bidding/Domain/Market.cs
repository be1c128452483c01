namespace Tendering.Bidding.Domain;

/// <summary>Local copy of an organisation.</summary>
public sealed class Organisation
{
    public required Guid Id { get; init; }
    public required string SocialCreditCode { get; init; }
    public required string Name { get; init; }
}

/// <summary>Local copy of a debarment; it counts within [from, until) unless it was ended.</summary>
public sealed class Debarment
{
    public required Guid Id { get; init; }
    public required string SocialCreditCode { get; init; }
    public required string Reason { get; init; }
    public required string DecisionNumber { get; init; }
    public required DateTimeOffset ValidFrom { get; init; }
    public required DateTimeOffset ValidUntil { get; init; }
    public DateTimeOffset? EndedAt { get; set; }

    public bool Bars(DateTimeOffset now) => EndedAt is null && now >= ValidFrom && now < ValidUntil;
}

/// <summary>A certificate that identity issued to an organisation.</summary>
public sealed class Certificate
{
    /// <summary>SHA-256 of the DER, hexadecimal.</summary>
    public required string Thumbprint { get; init; }

    public required Guid OrganisationId { get; init; }
    public required string IssuerPem { get; init; }

    /// <summary>Null for those heard of before it was kept.</summary>
    public byte[]? Der { get; init; }
}

/// <summary>A certificate that identity revoked. Kept apart, since nothing says that its issue is heard first.</summary>
public sealed class Revocation
{
    public required Guid OrganisationId { get; init; }

    /// <summary>In the spelling of <see cref="Protocols.RevocationList.Normal"/>.</summary>
    public required string SerialNumber { get; init; }

    public required DateTimeOffset RevokedAt { get; init; }
}

public enum DepositState { None, Secured, Refused }

/// <summary>What escrow said of a bidder's deposit for a lot.</summary>
public sealed class Deposit
{
    public required Guid LotId { get; init; }
    public required Guid BidderId { get; init; }
    public DepositState State { get; private set; }
    public string? Reason { get; private set; }

    public void Secure() => (State, Reason) = (DepositState.Secured, null);

    /// <summary>A payment that is refused takes nothing from a deposit that is held already.</summary>
    public void Refuse(string reason)
    {
        if (State != DepositState.Secured) (State, Reason) = (DepositState.Refused, reason);
    }

    public void Release() => (State, Reason) = (DepositState.None, null);
}
