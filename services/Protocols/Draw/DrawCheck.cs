namespace Tendering.Protocols;

/// <summary>One run over a draw's record; it goes on after a finding, so that a stranger sees all of them.</summary>
internal sealed class DrawCheck(DrawRecord record, IReadOnlyList<PoolEntry>? pool)
{
    private readonly List<DrawFinding> findings = [];

    public IReadOnlyList<DrawFinding> Run()
    {
        // JSON holds a null in a list without complaint.
        if (record.Parties.Any(party => party is null) || record.Sequence.Any(step => step is null) || record.Skips.Any(skip => skip is null))
        {
            return [new DrawFinding("draw.malformed", "A party, step or skip is null.")];
        }

        Require(record.Version == DrawRecord.VersionOne, "draw.version", $"Version {record.Version} is not known here.");
        Require(record.Round >= 1, "draw.round", "Rounds are counted from 1.");
        CheckPool();
        var reveals = CheckReveals();
        var output = CheckRandomness();
        if (output is not null && reveals.Count >= ExpertDraw.RevealsMin && record.PoolSize is > 0 and <= ExpertDraw.PoolMax)
        {
            CheckSequence(ExpertDraw.Seed(output, reveals));
        }

        CheckTaken();
        return findings;
    }

    private void CheckPool()
    {
        Require(HexText.IsSha256(record.PoolHash), "draw.pool-hash", "The pool's hash is not 32 bytes of hexadecimal.");
        Require(record.PoolSize is > 0 and <= ExpertDraw.PoolMax, "draw.pool-size", "The pool is empty or too large.");
        Require(record.Requested > 0 && record.Requested <= record.PoolSize, "draw.requested", "The number asked for is not between 1 and the pool's size.");
        if (pool is not null)
        {
            Require(pool.Count == record.PoolSize && HashOf(pool) == record.PoolHash, "draw.pool", "The pool shown is not the pool that was frozen.");
        }
    }

    private static string? HashOf(IReadOnlyList<PoolEntry> pool)
    {
        try
        {
            return ExpertDraw.PoolHash(pool);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    private List<byte[]> CheckReveals()
    {
        var reveals = new List<byte[]>();
        Require(record.Parties.DistinctBy(party => party.Name).Count() == record.Parties.Count, "draw.parties", "A party appears twice.");
        Require(record.Parties.DistinctBy(party => party.Commitment).Count() == record.Parties.Count, "draw.parties", "Two parties have the same commitment: one copied the other.");
        foreach (var party in record.Parties.Where(party => party.Reveal is not null))
        {
            if (HexText.TryDecode(party.Reveal, ExpertDraw.RevealLength) is { } reveal && ExpertDraw.Commitment(reveal) == party.Commitment)
            {
                reveals.Add(reveal);
            }
            else
            {
                Require(false, "draw.reveal", $"{party.Name} revealed something else than it had committed to.");
            }
        }

        Require(reveals.Count >= ExpertDraw.RevealsMin, "draw.void", "Fewer than two reveals: the round is void.");
        return reveals;
    }

    private byte[]? CheckRandomness()
    {
        if (HexText.TryDecode(record.CheckpointRoot, 32) is not { } root)
        {
            Require(false, "draw.checkpoint", "The checkpoint's root is not 32 bytes of hexadecimal.");
            return null;
        }

        var alpha = ExpertDraw.Alpha(record.PoolHash, record.Tender, record.Purpose, record.Round, root);
        Require(HexText.Encode(alpha) == record.Alpha, "draw.alpha", "Alpha is not made of this pool, tender, purpose, round and checkpoint.");
        var output = HexText.TryDecode(record.VrfPublicKey, Ecvrf.PublicKeyLength) is { } key && HexText.TryDecode(record.Proof, Ecvrf.ProofLength) is { } proof
            ? Ecvrf.Verify(key, alpha, proof)
            : null;
        Require(output is not null, "draw.vrf", "The proof of the random function does not hold.");
        return output;
    }

    private void CheckSequence(byte[] seed)
    {
        var walked = record.Sequence.Count;
        Require(
            ExpertDraw.Sequence(seed, record.PoolSize).Take(walked).SequenceEqual(record.Sequence),
            "draw.sequence", "The sequence is not the one that the seed gives.");
    }

    private void CheckTaken()
    {
        var indexes = record.Sequence.Select(selection => selection.Index).ToHashSet();
        Require(
            record.Skips.All(skip => indexes.Contains(skip.Index) && !string.IsNullOrWhiteSpace(skip.Reason))
                && record.Skips.DistinctBy(skip => skip.Index).Count() == record.Skips.Count,
            "draw.skips", "A skip names no step of the sequence, or no reason, or a step twice.");
        var taken = record.Sequence.Count - record.Skips.Count;
        Require(
            taken == record.Requested || (taken < record.Requested && record.Sequence.Count == record.PoolSize),
            "draw.taken", $"{record.Requested} were asked for and {taken} taken.");
    }

    private void Require(bool holds, string code, string detail)
    {
        if (!holds)
        {
            findings.Add(new DrawFinding(code, detail));
        }
    }
}
