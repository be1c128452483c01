namespace Tendering.BidOpening.Domain;

/// <summary>A custodian's share that is what the manifest's hash says.</summary>
public sealed class GoodShare
{
    public required Guid BidId { get; init; }
    public required string Part { get; init; }
    public required int CustodianIndex { get; init; }
    public required byte[] Share { get; init; }
    public required DateTimeOffset ReleasedAt { get; init; }
}

/// <summary>A share that is not: it names its custodian.</summary>
public sealed class WrongShare
{
    public required Guid BidId { get; init; }
    public required string Part { get; init; }
    public required int CustodianIndex { get; init; }
    public required string ShareHash { get; init; }
    public required DateTimeOffset ReleasedAt { get; init; }
}

/// <summary>One delivery of shares by a person of a custodian.</summary>
public sealed class ShareRelease
{
    public Guid Id { get; private init; } = Guid.CreateVersion7();
    public required Guid LotId { get; init; }
    public required int CustodianIndex { get; init; }
    public required Guid PersonId { get; init; }
    public required int Good { get; init; }
    public required int Wrong { get; init; }
    public required DateTimeOffset ReleasedAt { get; init; }
}

/// <summary>A custodian has proven that a bidder sealed to it something else than the manifest's hash names.</summary>
public sealed class UpheldComplaint
{
    public required Guid BidId { get; init; }
    public required string Part { get; init; }
    public required int CustodianIndex { get; init; }
    public required Guid PersonId { get; init; }

    /// <summary>Null, like the proof, where the sealed share names no point at all.</summary>
    public string? SharedPoint { get; init; }

    public string? Proof { get; init; }
    public required DateTimeOffset UpheldAt { get; init; }
}
