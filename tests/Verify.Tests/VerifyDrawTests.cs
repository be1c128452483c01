using System.Security.Cryptography;
using Tendering.Protocols;

namespace Tendering.Verify.Tests;

public sealed class VerifyDrawTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("tendering-verify");

    public void Dispose() => _folder.Delete(true);

    [Fact]
    public async Task A_draw_is_repeated_from_its_record_pool_and_log()
    {
        var (record, pool, draw) = Draw();
        var (r, p, d) = (Keep("r", record.Canonical()), Keep("p", CanonicalJson.Serialize(pool)), Keep("d", draw));
        var run = await Run.Of("draw", r, p, "--vrf-key", record.VrfPublicKey, "--draw", d);
        Assert.True(run.Exit == Report.ExitGood && run.Says("draw.checkpoint"), run.Output);
        Assert.Equal(Report.ExitIncomplete, (await Run.Of("draw", r)).Exit);
        Assert.True((await Run.Of("draw", r, p, "--vrf-key", HexText.Encode(Ecvrf.PublicKey(Ecvrf.GeneratePrivateKey())))).SaysBad("draw.vrf-key"));
        Assert.True((await Run.Of("draw", Keep("r", (record with { Sequence = [.. record.Sequence.Reverse()] }).Canonical()), p)).SaysBad("draw.sequence"));
        Assert.True((await Run.Of("draw", r, Keep("p", CanonicalJson.Serialize(pool[1..])))).Exit == Report.ExitBad);
        Assert.True((await Run.Of("draw", Keep("r", "{}"u8.ToArray()))).SaysBad("draw.malformed"));
        Assert.True((await Run.Of("draw", Keep("r", record.Canonical()), "--draw", Keep("d", System.Text.Encoding.UTF8.GetBytes("{\"log\":[{\"a\":1}]}")))).SaysBad("draw.checkpoint"));
    }

    internal static (DrawRecord Record, PoolEntry[] Pool, byte[] Draw) Draw()
    {
        var pool = Enumerable.Range(1, 40).Select(number => PoolEntry.Of(number, Guid.NewGuid(), PoolEntry.NewSalt())).ToArray();
        var (key, hash) = (Ecvrf.GeneratePrivateKey(), ExpertDraw.PoolHash(pool));
        var reveals = new[] { "tenderer", "centre", "supervisor" }.Select(name => (name, bytes: RandomNumberGenerator.GetBytes(32))).ToArray();
        var steps = reveals.Select(reveal => $$"""{"commitment":"{{ExpertDraw.Commitment(reveal.bytes)}}","kind":"committed","party":"{{reveal.name}}"}""").Prepend($$"""{"kind":"pool-frozen","poolHash":"{{hash}}"}""").ToArray();
        var root = MerkleTree.Root([.. steps.Select(step => MerkleTree.LeafHash(System.Text.Encoding.UTF8.GetBytes(step)))]);
        var alpha = ExpertDraw.Alpha(hash, SealedLot.Tender, "lot", 1, root);
        var proof = Ecvrf.Prove(key, alpha);
        var sequence = ExpertDraw.Sequence(ExpertDraw.Seed(Ecvrf.ProofToHash(proof)!, [.. reveals.Select(reveal => reveal.bytes)]), pool.Length).Take(6).ToArray();
        var record = new DrawRecord(
            1, SealedLot.Tender, "lot", 1, hash, pool.Length, 5, [.. reveals.Select(reveal => new DrawParty(reveal.name, ExpertDraw.Commitment(reveal.bytes), HexText.Encode(reveal.bytes)))],
            HexText.Encode(root), HexText.Encode(alpha), HexText.Encode(Ecvrf.PublicKey(key)), HexText.Encode(proof), sequence, [new DrawSkip(sequence[2].Index, "declined")]);
        var log = $"{{\"log\":[{string.Join(',', steps)},{{\"kind\":\"revealed\"}}]}}";
        return (record, pool, System.Text.Encoding.UTF8.GetBytes(log));
    }

    private string Keep(string name, byte[] bytes)
    {
        var file = Path.Combine(_folder.FullName, name);
        File.WriteAllBytes(file, bytes);
        return file;
    }
}
