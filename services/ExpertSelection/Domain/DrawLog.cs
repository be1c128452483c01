using System.Text;
using Tendering.Protocols;

namespace Tendering.ExpertSelection.Domain;

/// <summary>One public step of a draw, as canonical JSON text that is never changed.</summary>
public sealed class DrawLogEntry
{
    public Guid DrawId { get; private init; }

    /// <summary>From 1, without gaps.</summary>
    public required int Number { get; init; }

    public required string Text { get; init; }

    // The audit log's checkpoint takes this root's place when it exists; until then the draw's own log is the tree.
    public static byte[] CheckpointRoot(IEnumerable<DrawLogEntry> log) =>
        MerkleTree.Root([.. log.OrderBy(e => e.Number).Select(e => MerkleTree.LeafHash(Encoding.UTF8.GetBytes(e.Text)))]);
}

/// <summary>The texts that the log holds.</summary>
public static class DrawSteps
{
    public sealed record PoolFrozen(
        string Kind, Guid Draw, Guid Tender, Guid Lot, string Purpose, int Round, string PoolHash, int PoolSize, IReadOnlyDictionary<string, int> Excluded, int Requested,
        string VrfPublicKey, DateTimeOffset At);

    public sealed record Committed(string Kind, Guid Draw, int Round, string Party, string Commitment, DateTimeOffset At);
    public sealed record Revealed(string Kind, Guid Draw, int Round, string Party, string? Reveal, DateTimeOffset At);
    public sealed record RoundVoid(string Kind, Guid Draw, int Round, DateTimeOffset At);

    /// <summary>Fixes what was drawn before anybody may see it.</summary>
    public sealed record Drawn(string Kind, Guid Draw, int Round, string RecordHash, DateTimeOffset At);
}
