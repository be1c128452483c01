using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Tendering.Protocols.Tests;

public class NoteTests
{
    private static JsonNode Cases => JsonNode.Parse(File.ReadAllText(Path.Combine(Vectors.Folder("signed-note"), "formats-cases.json")))!;

    [Fact]
    public void Every_published_verifier_key_is_read_or_refused_as_it_should_be()
        => Assert.All(Cases["vkeys"]!.AsArray(), item => Assert.Equal(item!["wantErr"]!.GetValue<bool>(), NoteKey.TryParse(item!.Text("pubK")) is null));

    [Fact]
    public void A_verifier_key_comes_out_as_it_went_in()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        foreach (var vkey in new[] { NoteKey.OfLog("example.com/log", key).ToString(), NoteKey.OfWitness("example.com/witness", key).ToString(), Cases["vkeys"]![0]!.Text("pubK") })
        {
            Assert.Equal(vkey, NoteKey.Parse(vkey).ToString());
            Assert.Equal(NoteKey.Parse(vkey), NoteKey.Parse(vkey));
            Assert.Null(NoteKey.TryParse(vkey.Replace("example.com", "example.org", StringComparison.Ordinal) + "A"));
        }

        Assert.Null(NoteKey.TryParse(NoteKey.OfWitness("a", key).ToString().Replace("a+", "b+", StringComparison.Ordinal)));
    }

    [Fact]
    public void The_id_of_an_ECDSA_key_is_the_hash_of_the_key_alone()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(key.ExportSubjectPublicKeyInfo())[..4]), NoteKey.OfLog("example.com/log", key).ToString().Split('+')[1]);
    }

    [Fact]
    public void Another_curve_is_no_key_of_a_log()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        Assert.Throws<ArgumentException>(() => NoteKey.OfLog("example.com/log", key));
        Assert.Null(NoteKey.TryParse($"a+{Convert.ToHexStringLower(SHA256.HashData(key.ExportSubjectPublicKeyInfo())[..4])}+{Convert.ToBase64String([0x02, .. key.ExportSubjectPublicKeyInfo()])}"));
    }

    [Fact]
    public void The_published_note_is_read_and_its_foreign_signature_counts_for_nothing()
    {
        foreach (var item in Vectors.Array("signed-note", "signed-note.json").OfType<JsonNode>())
        {
            var note = SignedNote.Parse(item.Text("note"));
            Assert.Equal(item.Text("note"), note.ToString());
            Assert.Single(note.Signatures);
            // The framework has no Ed25519: such a key is known by name and never vouches for anything.
            Assert.Equal(!item.Text("name").Contains("unknown key", StringComparison.Ordinal), NoteKey.TryParse(item.Text("vkey")) is { } key && note.Signatures[0].IsOf(key));
            Assert.Empty(NoteKey.TryParse(item.Text("vkey")) is { } k ? note.Check(k).Good : []);
        }
    }

    [Fact]
    public void The_published_cosignatures_tell_their_time()
    {
        var key = NoteKey.Parse(Cases["vkeys"]![1]!.Text("pubK"));
        Assert.All(Cases["cosigv1_timestamps"]!.AsArray(), item => Assert.Equal(
            item!["unix"]?.GetValue<long>(), key.TimeOf(Convert.FromBase64String(item!.Text("sig")).AsSpan(4))?.ToUnixTimeSeconds()));
    }

    [Fact]
    public void A_note_is_checked_by_the_keys_that_one_trusts()
    {
        using var a = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var b = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var (first, second) = (NoteSigner.ForLog("a", a), NoteSigner.ForLog("b", b));
        const string text = "An empty line\n\nin the text\n";
        var note = SignedNote.Parse(new SignedNote(text, [first.Sign(text), second.Sign(text)]).ToBytes());
        Assert.Equal(text, note.Text);
        Assert.True(note.Check(first.Key, second.Key).IsBy(first.Key));
        Assert.True(note.Check(first.Key).IsBy(first.Key));
        Assert.False(note.Check(second.Key).IsBy(first.Key));
        var changed = note with { Text = text.Replace("empty", "Empty", StringComparison.Ordinal) };
        Assert.False(changed.Check(first.Key).IsBy(first.Key));

        // One wrong signature of a known key spoils the whole note, whatever stands beside it.
        var spoilt = note.With(first.Sign("Something else\n"));
        Assert.False(spoilt.Check(first.Key, second.Key).IsBy(first.Key));
        Assert.False(spoilt.Check(first.Key, second.Key).IsBy(second.Key));
        Assert.True(spoilt.Check(second.Key).IsBy(second.Key));
    }

    [Fact]
    public void A_log_s_signature_is_one_that_openssl_would_check()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var signature = NoteSigner.ForLog("a", key).Sign("text\n");
        Assert.True(key.VerifyData("text\n"u8, signature.Bytes, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence));
    }

    [Theory]
    [InlineData("text\n")]
    [InlineData("text\n\n")]
    [InlineData("text\n\n\u2014 a AAAAAAA=")]
    [InlineData("text\n\n- a AAAAAAA=\n")]
    [InlineData("text\n\n\u2014 a  AAAAAAA=\n")]
    [InlineData("text\n\n\u2014 a AAAAAA==\n")]
    [InlineData("text\n\n\u2014 a AAAAAAB=\n")]
    [InlineData("text\n\n\u2014 a+b AAAAAAA=\n")]
    [InlineData("te\txt\n\n\u2014 a AAAAAAA=\n")]
    [InlineData("text\n\n\u2014 a AAAAAAA=\r\n")]
    public void What_is_not_a_signed_note_is_refused(string text) => Assert.Throws<LogFormatException>(() => SignedNote.Parse(text));

    [Fact]
    public void Sixteen_signatures_are_taken_and_a_thousand_are_not()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var lines = Enumerable.Range(0, 1000).Select(i => new NoteSignature($"k{i}", (uint)i, [1]));
        Assert.Equal(16, SignedNote.Parse(new SignedNote("t\n", [.. lines.Take(16)]).ToString()).Signatures.Count);
        Assert.Throws<LogFormatException>(() => SignedNote.Parse(new SignedNote("t\n", [.. lines]).ToString()));
        Assert.Throws<LogFormatException>(() => SignedNote.Parse([0xff, 0x0a, 0x0a]));
    }

    [Fact]
    public void A_cosignature_says_when_and_holds_for_its_text_alone()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var witness = NoteSigner.ForWitness("w", key);
        var checkpoint = Checkpoint.Of("example.com/log", 3, MerkleTree.LeafHash("x"u8));
        var time = DateTimeOffset.FromUnixTimeSeconds(1_700_000_000);
        var signature = witness.Cosign(checkpoint, time.AddMilliseconds(300));
        var note = new SignedNote(checkpoint.Text, [signature]);
        Assert.Equal(time, Assert.Single(note.Check(witness.Key).Good).Time);
        Assert.Empty(new SignedNote(Checkpoint.Of("example.com/log", 4, checkpoint.Root).Text, [signature]).Check(witness.Key).Good);
        signature.Bytes[7] ^= 1;
        Assert.Empty(note.Check(witness.Key).Good);

        // The bytes that are signed are C2SP's for Ed25519, so that only the curve is ours.
        var bytes = witness.Cosign(checkpoint, time).Bytes[8..];
        Assert.True(key.VerifyData(Encoding.UTF8.GetBytes("cosignature/v1\ntime 1700000000\n" + checkpoint.Text), bytes, HashAlgorithmName.SHA256));
        Assert.Throws<InvalidOperationException>(() => witness.Sign("text\n"));
        Assert.Throws<InvalidOperationException>(() => NoteSigner.ForLog("l", key).Cosign(checkpoint, time));
    }
}
