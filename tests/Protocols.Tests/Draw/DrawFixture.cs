using System.Security.Cryptography;

namespace Tendering.Protocols.Tests;

/// <summary>A draw of 5 from 40, as it would stand in the log.</summary>
internal static class DrawFixture
{
    public static PoolEntry[] Pool(int size) => [.. Enumerable.Range(1, size).Select(number => PoolEntry.Of(number, Guid.NewGuid(), PoolEntry.NewSalt()))];

    public static DrawRecord Record(PoolEntry[] pool, int missingReveals = 0)
    {
        var key = Ecvrf.GeneratePrivateKey();
        var root = RandomNumberGenerator.GetBytes(32);
        var reveals = new[] { "tenderer", "trading centre", "supervisor" }.Select(name => (name, bytes: RandomNumberGenerator.GetBytes(32))).ToArray();
        var alpha = ExpertDraw.Alpha(ExpertDraw.PoolHash(pool), BidFixture.Tender, "evaluation", 1, root);
        var proof = Ecvrf.Prove(key, alpha);
        var came = reveals[missingReveals..].Select(reveal => reveal.bytes).ToArray();
        var sequence = came.Length < 2 ? [] : ExpertDraw.Sequence(ExpertDraw.Seed(Ecvrf.ProofToHash(proof)!, came), pool.Length).Take(6).ToArray();
        return new DrawRecord(
            1, BidFixture.Tender, "evaluation", 1, ExpertDraw.PoolHash(pool), pool.Length, 5,
            [.. reveals.Select((reveal, i) => new DrawParty(reveal.name, ExpertDraw.Commitment(reveal.bytes), i < missingReveals ? null : HexText.Encode(reveal.bytes)))],
            HexText.Encode(root), HexText.Encode(alpha), HexText.Encode(Ecvrf.PublicKey(key)), HexText.Encode(proof), sequence,
            sequence.Length > 0 ? [new DrawSkip(sequence[2].Index, "declined")] : []);
    }
}
