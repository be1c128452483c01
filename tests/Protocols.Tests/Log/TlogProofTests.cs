using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace Tendering.Protocols.Tests;

public class TlogProofTests
{
    [Fact]
    public void A_proof_comes_out_as_it_went_in_and_holds_for_its_leaf()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var leaves = Enumerable.Range(0, 11).Select(i => MerkleTree.LeafHash([(byte)i])).ToArray();
        var note = Checkpoint.Of("o", 11, MerkleTree.Root(leaves)).Sign(NoteSigner.ForLog("o", key));
        foreach (var extra in new byte[]?[] { null, [], [1, 2, 3] })
        {
            var proof = new TlogProof(7, MerkleTree.InclusionProof(7, leaves), note, extra);
            var read = TlogProof.Parse(proof.ToString());
            Assert.Equal(proof.ToString(), read.ToString());
            Assert.Equal(extra, read.Extra);
            Assert.True(read.Includes(leaves[7]));
            Assert.False(read.Includes(leaves[6]));
            Assert.False((read with { Index = 6 }).Includes(leaves[7]));
        }
    }

    [Fact]
    public void Every_published_bad_proof_is_refused()
    {
        var cases = JsonNode.Parse(File.ReadAllText(Path.Combine(Vectors.Folder("signed-note"), "formats-cases.json")))!["tlog_proof_bad"]!.AsArray();
        Assert.All(cases, item => Assert.Throws<LogFormatException>(() => TlogProof.Parse(item!.GetValue<string>())));
    }

    [Fact]
    public void A_request_to_a_witness_comes_out_as_it_went_in()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var note = Checkpoint.Of("o", 11, MerkleTree.EmptyRoot).Sign(NoteSigner.ForLog("o", key));
        foreach (var count in new[] { 0, 1, 63 })
        {
            var request = new WitnessRequest(count, [.. Enumerable.Repeat(MerkleTree.EmptyRoot, count)], note);
            var read = WitnessRequest.Parse(request.ToBytes());
            Assert.Equal(request.ToBytes(), read.ToBytes());
            Assert.Equal(count, read.Proof.Count);
        }

        Assert.Throws<LogFormatException>(() => WitnessRequest.Parse(new WitnessRequest(1, [.. Enumerable.Repeat(MerkleTree.EmptyRoot, 64)], note).ToBytes()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("old 1\n")]
    [InlineData("old 01\n\no\n0\n\n\u2014 a AAAAAAA=\n")]
    [InlineData("new 1\n\no\n0\n\n\u2014 a AAAAAAA=\n")]
    [InlineData("old 1\nAAAA\n\no\n0\n\n\u2014 a AAAAAAA=\n")]
    [InlineData("old 1\n\no\n0\n")]
    public void Another_text_is_no_request(string text) => Assert.Throws<LogFormatException>(() => WitnessRequest.Parse(System.Text.Encoding.UTF8.GetBytes(text)));

    [Fact]
    public void A_witness_s_size_is_one_line()
    {
        Assert.Equal(20852014, WitnessRequest.ParseSize(WitnessRequest.SizeBody(20852014)));
        Assert.Null(WitnessRequest.ParseSize("5"));
        Assert.Null(WitnessRequest.ParseSize("05\n"));
        Assert.Null(WitnessRequest.ParseSize(""));
    }
}
