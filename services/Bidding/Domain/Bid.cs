namespace Tendering.Bidding.Domain;

/// <summary>Takes part in a lot; secret until the opening.</summary>
public sealed class Registration
{
    public required Guid LotId { get; init; }
    public required Guid BidderId { get; init; }
    public required DateTimeOffset RegisteredAt { get; init; }
}

/// <summary>A sealed bid as it was submitted. Never changed: whether it stands is said by <see cref="Standing"/>.</summary>
public sealed class Bid
{
    public required Guid Id { get; init; }
    public long Position { get; private init; }
    public required Guid TenderId { get; init; }
    public required Guid LotId { get; init; }
    public required Guid BidderId { get; init; }
    public required int Revision { get; init; }
    public required string ManifestHash { get; init; }

    /// <summary>Canonical JSON.</summary>
    public required string Manifest { get; init; }

    /// <summary>Detached CMS, DER.</summary>
    public required byte[] Signature { get; init; }

    /// <summary>Of the certificate that signed.</summary>
    public required string Thumbprint { get; init; }

    public required Guid PriceUpload { get; init; }
    public required Guid FilesUpload { get; init; }
    public required string Receipt { get; init; }
    public required DateTimeOffset SubmittedAt { get; init; }
}

/// <summary>Which of a bidder's bids on a lot stands, and the last revision used.</summary>
public sealed class Standing
{
    public required Guid LotId { get; init; }
    public required Guid BidderId { get; init; }
    public required int Revision { get; init; }
    public Guid? BidId { get; private set; }

    public void Withdraw() => BidId = null;
}
