using Tendering.Protocols;
using Tendering.ServiceDefaults;

namespace Tendering.Supervision.Data;

/// <summary>Makes the proofs that leave the house: always under the published checkpoint.</summary>
public static class Proofs
{
    /// <summary>The proof that the log holds this event; for a secret one with its opening in the extra data, so it is for those who may see it.</summary>
    public static async Task<TlogProof> OfAsync(AuditLog log, RecordedEvent e, CancellationToken ct)
    {
        var (turn, checkpoint, note) = await FindAsync(log, e, ct);
        var leaf = turn.LeafOf(e.Index);
        var proof = await log.Prover.InclusionAsync(leaf, checkpoint.Size, ct);
        return new TlogProof(leaf, proof, note, turn.IsSecret(e.Index) ? CanonicalJson.Serialize(Shown.Of(turn.OpeningOf(e))) : null);
    }

    /// <summary>The checkpoint that is published.</summary>
    public static async Task<(Checkpoint Checkpoint, SignedNote Note)> PublishedAsync(AuditLog log, CancellationToken ct)
    {
        var note = SignedNote.Parse(((await log.HeadAsync(ct))?.Published).Or404("checkpoint"));
        return (Checkpoint.Parse(note.Text), note);
    }

    private static async Task<(LogTurn, Checkpoint, SignedNote)> FindAsync(AuditLog log, RecordedEvent e, CancellationToken ct)
    {
        var turn = await log.TurnOfAsync(e.Index, ct);
        var (checkpoint, note) = await PublishedAsync(log, ct);
        Rule.Require(turn is not null && turn.LeafOf(e.Index) < checkpoint.Size, "not-in-log-yet", "The published checkpoint does not cover this yet: ask again in a second.");
        return (turn!, checkpoint, note);
    }

    /// <summary>A secret's opening as it is written: hashes in hexadecimal.</summary>
    public sealed record Shown(string Face, long Leaf, string[] Path, long Position, string Salt)
    {
        public static Shown Of(SecretOpening o) => new(o.Face, o.Leaf, [.. o.Path.Select(Convert.ToHexStringLower)], o.Position, Convert.ToHexStringLower(o.Salt));
    }
}
