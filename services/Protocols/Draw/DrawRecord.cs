namespace Tendering.Protocols;

/// <summary>Everything public about one round of a draw: enough for a stranger to repeat it. Byte strings are lower-case hexadecimal.</summary>
/// <param name="Purpose">What is drawn for, as it went into alpha.</param>
/// <param name="Round">From 1; a void round is followed by the next.</param>
/// <param name="Requested">How many are to be taken.</param>
/// <param name="Parties">In the order in which their reveals are hashed.</param>
/// <param name="CheckpointRoot">Root of a log checkpoint that already holds pool and commitments.</param>
/// <param name="Sequence">As far as it was walked, replacements included.</param>
/// <param name="Skips">Who of the sequence was not taken, and why.</param>
public sealed record DrawRecord(
    int Version,
    Guid Tender,
    string Purpose,
    int Round,
    string PoolHash,
    int PoolSize,
    int Requested,
    IReadOnlyList<DrawParty> Parties,
    string CheckpointRoot,
    string Alpha,
    string VrfPublicKey,
    string Proof,
    IReadOnlyList<Selection> Sequence,
    IReadOnlyList<DrawSkip> Skips)
{
    public const int VersionOne = 1;

    public byte[] Canonical() => CanonicalJson.Serialize(this);
}

/// <summary>A party of the draw: SHA-256 of its 32 random bytes, and these bytes, or null if they did not come in time.</summary>
public sealed record DrawParty(string Name, string Commitment, string? Reveal);

/// <summary>One step of the draw: the HMAC's index that chose, from 0, and the pool number chosen, from 1.</summary>
public sealed record Selection(int Index, int PoolNumber);

/// <summary>A step of the sequence that was passed over: a full quota, a refusal, a recusal.</summary>
public sealed record DrawSkip(int Index, string Reason);

/// <summary>What does not hold in a draw's record; the code is stable.</summary>
public sealed record DrawFinding(string Code, string Detail);
