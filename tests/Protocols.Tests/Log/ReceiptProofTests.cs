using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Tendering.Protocols.Tests;

public sealed class ReceiptProofTests : IDisposable
{
    private readonly ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly ReceiptClaims receipt = new(
        Guid.CreateVersion7(), BidFixture.Tender, BidFixture.Lot, BidFixture.Bidder, 2, new string('a', 64), new DateTimeOffset(2026, 3, 1, 1, 2, 3, 456, TimeSpan.Zero));

    private LogPolicy Policy => LogPolicy.Of(NoteKey.OfLog("log", key), [], 0);

    [Fact]
    public void A_submission_in_the_log_is_proved() => Assert.Equal(11, ReceiptProof.Check(ProofOf(receipt).ToString(), receipt, Policy).Size);

    [Fact]
    public void A_proof_of_another_submission_is_refused()
    {
        ReceiptClaims[] others =
        [
            receipt with { Bid = Guid.CreateVersion7() }, receipt with { Lot = Guid.CreateVersion7() }, receipt with { Bidder = Guid.CreateVersion7() }, receipt with { Revision = 3 },
            receipt with { ManifestHash = new string('b', 64) }, receipt with { Time = receipt.Time.AddMicroseconds(1) },
        ];
        foreach (var other in others)
        {
            Assert.Equal("proof.other-bid", Refusal(ProofOf(other), Policy));
        }
    }

    [Fact]
    public void What_is_not_in_the_tree_or_not_signed_is_refused()
    {
        var good = ProofOf(receipt);
        Assert.Equal("proof.not-included", Refusal(good with { Index = 4 }, Policy));
        Assert.Equal("proof.not-included", Refusal(good with { Proof = [.. good.Proof.Reverse()] }, Policy));
        Assert.Equal("proof.not-included", Refusal(good with { Extra = Changed(good, "position", "6") }, Policy));
        Assert.Equal("proof.not-included", Refusal(good with { Extra = Changed(good, "salt", $"\"{new string('0', 64)}\"") }, Policy));
        using var stranger = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Assert.Equal("proof.not-signed", Refusal(good, LogPolicy.Of(NoteKey.OfLog("log", stranger), [], 0)));
        using var witness = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Assert.Equal("proof.not-signed", Refusal(good, LogPolicy.Of(NoteKey.OfLog("log", key), [NoteKey.OfWitness("witness", witness)], 1)));
    }

    [Fact]
    public void What_is_no_opening_is_refused()
    {
        var good = ProofOf(receipt);
        foreach (var extra in new[] { null, [], "{}"u8.ToArray(), "null"u8.ToArray(), Changed(good, "path", "[]"), Changed(good, "salt", "\"00\""), Changed(good, "leaf", "\"5\"") })
        {
            Assert.Equal("proof.opening", Refusal(good with { Extra = extra }, Policy));
        }

        Assert.Equal("proof.malformed", Assert.Throws<LogFormatException>(() => ReceiptProof.Check("no proof", receipt, Policy)).Code);
    }

    public void Dispose() => key.Dispose();

    private string Refusal(TlogProof proof, LogPolicy policy) => Assert.Throws<ReceiptProofException>(() => ReceiptProof.Check(proof.ToString(), receipt, policy)).Code;

    // A log of eleven entries of which the sixth closes over this submission and another one.
    private TlogProof ProofOf(ReceiptClaims of)
    {
        var payload = new { bidderId = of.Bidder, bidId = of.Bid, lotId = of.Lot, manifestHash = of.ManifestHash, revision = of.Revision, submittedAt = of.Time, tenderId = of.Tender };
        var face = JsonSerializer.Serialize(new { kind = "event", payload, source = "bidding" });
        byte[] salt = RandomNumberGenerator.GetBytes(SecretTree.SaltLength), other = RandomNumberGenerator.GetBytes(32);
        var tree = new SecretTree(RandomNumberGenerator.GetBytes(SecretTree.SeedLength), [(7, SecretTree.Item(salt, Encoding.UTF8.GetBytes(face))), (70_000, other)]);
        var leaves = Enumerable.Range(0, 11).Select(i => MerkleTree.LeafHash(i == 5 ? SecretTree.Entry(tree.Root()) : [(byte)i])).ToArray();
        var note = Checkpoint.Of("log", 11, MerkleTree.Root(leaves)).Sign(NoteSigner.ForLog("log", key));
        var extra = CanonicalJson.Serialize(new { face, leaf = 5, path = tree.Path(7).Select(Convert.ToHexStringLower), position = 7, salt = Convert.ToHexStringLower(salt) });
        return new TlogProof(5, MerkleTree.InclusionProof(5, leaves), note, extra);
    }

    private static byte[] Changed(TlogProof proof, string member, string json)
    {
        var extra = System.Text.Json.Nodes.JsonNode.Parse(proof.Extra)!;
        extra[member] = System.Text.Json.Nodes.JsonNode.Parse(json);
        return CanonicalJson.Canonicalize(extra);
    }
}
