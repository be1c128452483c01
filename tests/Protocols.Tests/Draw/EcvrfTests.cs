using System.Numerics;
using System.Text.Json.Nodes;

namespace Tendering.Protocols.Tests;

public class EcvrfTests
{
    [Fact]
    public void The_examples_of_RFC_9381_appendix_B_1_come_out_with_their_intermediates()
    {
        var examples = Examples(valid: true);
        Assert.Equal(3, examples.Count);
        foreach (var example in examples)
        {
            Assert.Equal(example.Hex("pk"), Ecvrf.PublicKey(example.Hex("sk")));
            var h = P256Curve.Compress(Ecvrf.EncodeToCurve(example.Hex("pk"), example.Hex("alpha")));
            Assert.Equal(example.Hex("h"), h);
            var k = Ecvrf.Nonce(example.Hex("sk"), h);
            Assert.Equal(example.Hex("k"), P256Curve.Bytes(k, 32));
            Assert.Equal(example.Hex("u"), P256Curve.Compress(P256Curve.MultiplySecret(k, P256Curve.Generator)));
            Assert.Equal(example.Hex("v"), P256Curve.Compress(P256Curve.MultiplySecret(k, P256Curve.Decompress(h)!.Value)));
            Assert.Equal(example.Hex("pi"), Ecvrf.Prove(example.Hex("sk"), example.Hex("alpha")));
            Assert.Equal(example.Hex("beta"), Ecvrf.Verify(example.Hex("pk"), example.Hex("alpha"), example.Hex("pi")));
            Assert.Equal(example.Hex("beta"), Ecvrf.ProofToHash(example.Hex("pi")));
        }
    }

    [Fact]
    public void The_published_negatives_are_refused()
    {
        var examples = Examples(valid: false);
        Assert.Equal(6, examples.Count);
        Assert.All(examples, example => Assert.Null(Ecvrf.Verify(example.Hex("pk"), example.Hex("alpha"), example.Hex("pi"))));
    }

    [Fact]
    public void Any_proof_made_is_accepted_and_says_one_thing()
        => Randomness.ForAnySeed(10, random =>
        {
            var key = Ecvrf.GeneratePrivateKey();
            var alpha = random.Bytes(random.Next(100));
            var proof = Ecvrf.Prove(key, alpha);
            var output = Ecvrf.Verify(Ecvrf.PublicKey(key), alpha, proof);
            return output is not null && output.AsSpan().SequenceEqual(Ecvrf.ProofToHash(proof)) && proof.AsSpan().SequenceEqual(Ecvrf.Prove(key, alpha));
        });

    [Fact]
    public void Any_flipped_bit_of_a_proof_or_key_is_noticed()
    {
        var key = Ecvrf.GeneratePrivateKey();
        var (publicKey, alpha) = (Ecvrf.PublicKey(key), "alpha"u8.ToArray());
        var proof = Ecvrf.Prove(key, alpha);
        // A verification takes tens of milliseconds: the first byte whole, then a sample of every field.
        foreach (var bit in Enumerable.Range(0, proof.Length * 8).Where(bit => bit < 8 || bit % 29 == 0))
        {
            Assert.Null(Ecvrf.Verify(publicKey, alpha, Flipped(proof, bit)));
        }

        foreach (var bit in Enumerable.Range(0, publicKey.Length * 8).Where(bit => bit < 8 || bit % 37 == 0))
        {
            Assert.Null(Ecvrf.Verify(Flipped(publicKey, bit), alpha, proof));
        }
    }

    [Fact]
    public void A_response_beyond_the_order_is_refused()
    {
        var key = Ecvrf.GeneratePrivateKey();
        var proof = Ecvrf.Prove(key, [1]);
        Enumerable.Repeat((byte)0xff, 32).ToArray().CopyTo(proof, 49);
        Assert.Null(Ecvrf.ProofToHash(proof));
        Assert.Null(Ecvrf.Verify(Ecvrf.PublicKey(key), [1], proof));
        Assert.Null(Ecvrf.Verify(Ecvrf.PublicKey(key), [1], proof.AsSpan(0, 80)));
        Assert.Null(Ecvrf.Verify([], [1], proof));
    }

    [Fact]
    public void The_product_with_a_secret_is_the_product()
    {
        var point = Ecvrf.EncodeToCurve([1], [2]);
        BigInteger[] numbers = [1, 2, 3, P256Curve.Order - 2, P256Curve.Order - 1, P256Curve.Number(Ecvrf.GeneratePrivateKey())];
        Assert.All(numbers, number => Assert.Equal(P256Curve.Multiply(number, point), P256Curve.MultiplySecret(number, point)));
        Assert.Null(P256Curve.Multiply(P256Curve.Order, point));
    }

    private static List<JsonNode> Examples(bool valid)
        => [.. Vectors.Array("ecvrf", "ecvrf-p256-sha256-tai.json").Select(node => node!).Where(node => node["valid"]!.GetValue<bool>() == valid)];

    private static byte[] Flipped(byte[] bytes, int bit)
    {
        var changed = bytes.ToArray();
        changed[bit / 8] ^= (byte)(1 << (bit % 8));
        return changed;
    }
}
