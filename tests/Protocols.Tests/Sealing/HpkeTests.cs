using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace Tendering.Protocols.Tests;

public class HpkeTests
{
    [Fact]
    public void The_key_schedule_is_that_of_RFC_9180_appendix_A_3_1()
    {
        var vector = Vector();
        using var ephemeral = P256Key.FromScalar(vector.Hex("skEm"));
        using var recipient = P256Key.FromScalar(vector.Hex("skRm"));
        var enc = P256Key.PublicPoint(ephemeral);
        var secret = Hpke.SharedSecret(ephemeral, vector.Hex("pkRm"), enc, vector.Hex("pkRm"));
        Assert.Equal(vector.Hex("enc"), enc);
        Assert.Equal(vector.Hex("shared_secret"), secret);
        Assert.Equal(vector.Hex("shared_secret"), Hpke.SharedSecret(recipient, enc, enc, vector.Hex("pkRm")));
        var (key, nonce) = Hpke.KeySchedule(secret, vector.Hex("info"));
        Assert.Equal(vector.Hex("key"), key);
        Assert.Equal(vector.Hex("base_nonce"), nonce);
    }

    [Fact]
    public void The_first_encryption_of_RFC_9180_appendix_A_3_1_is_sealed_and_opened()
    {
        var vector = Vector();
        var first = vector["encryptions"]!.AsArray()[0]!;
        using var ephemeral = P256Key.FromScalar(vector.Hex("skEm"));
        using var recipient = P256Key.FromScalar(vector.Hex("skRm"));
        byte[] expected = [.. vector.Hex("enc"), .. first.Hex("ct")];
        Assert.Equal(expected, Hpke.Seal(ephemeral, vector.Hex("pkRm"), vector.Hex("info"), first.Hex("aad"), first.Hex("pt")));
        Assert.Equal(first.Hex("pt"), Hpke.Open(recipient, vector.Hex("info"), first.Hex("aad"), expected));
    }

    [Fact]
    public void Every_encryption_of_RFC_9180_appendix_A_3_1_comes_from_the_derived_key()
    {
        var vector = Vector();
        var (key, baseNonce) = Hpke.KeySchedule(vector.Hex("shared_secret"), vector.Hex("info"));
        foreach (var encryption in vector["encryptions"]!.AsArray().Select(node => node!))
        {
            var nonce = baseNonce.ToArray();
            var number = ulong.Parse(encryption.Text("sequence_number"), System.Globalization.CultureInfo.InvariantCulture);
            BinaryPrimitives.WriteUInt64BigEndian(nonce.AsSpan(4), BinaryPrimitives.ReadUInt64BigEndian(nonce.AsSpan(4)) ^ number);
            var plaintext = encryption.Hex("pt");
            byte[] ciphertext = new byte[plaintext.Length], tag = new byte[16];
            using var aes = new AesGcm(key, 16);
            aes.Encrypt(nonce, plaintext, ciphertext, tag, encryption.Hex("aad"));
            Assert.Equal(encryption.Hex("nonce"), nonce);
            byte[] whole = [.. ciphertext, .. tag];
            Assert.Equal(encryption.Hex("ct"), whole);
        }
    }

    [Fact]
    public void Any_flipped_bit_is_noticed()
    {
        using var recipient = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        var sealedText = Hpke.Seal(P256Key.PublicPoint(recipient), "info"u8, "aad"u8, "share"u8);
        for (var bit = 0; bit < sealedText.Length * 8; bit++)
        {
            var changed = sealedText.ToArray();
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.ThrowsAny<CryptographicException>(() => Hpke.Open(recipient, "info"u8, "aad"u8, changed));
        }
    }

    [Fact]
    public void Another_info_aad_or_key_does_not_open()
    {
        using var recipient = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        using var other = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        var sealedText = Hpke.Seal(P256Key.PublicPoint(recipient), "info"u8, "aad"u8, "share"u8);
        Assert.ThrowsAny<CryptographicException>(() => Hpke.Open(recipient, "inf0"u8, "aad"u8, sealedText));
        Assert.ThrowsAny<CryptographicException>(() => Hpke.Open(recipient, "info"u8, "aae"u8, sealedText));
        Assert.ThrowsAny<CryptographicException>(() => Hpke.Open(other, "info"u8, "aad"u8, sealedText));
        Assert.ThrowsAny<CryptographicException>(() => Hpke.Open(recipient, "info"u8, "aad"u8, sealedText.AsSpan(0, 80)));
    }

    [Fact]
    public void A_recipient_off_the_curve_is_refused()
    {
        using var recipient = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        var point = P256Key.PublicPoint(recipient);
        point[64] ^= 1;
        Assert.ThrowsAny<CryptographicException>(() => Hpke.Seal(point, [], [], [1]));
        Assert.ThrowsAny<CryptographicException>(() => Hpke.Seal(new byte[65], [], [], [1]));
        Assert.ThrowsAny<CryptographicException>(() => Hpke.Seal([0x04, .. new byte[64]], [], [], [1]));
        Assert.ThrowsAny<CryptographicException>(() => Hpke.Seal(point.AsSpan(0, 33), [], [], [1]));
    }

    private static JsonNode Vector() => Vectors.Array("hpke", "rfc9180-appendix-a.json")
        .Single(vector => vector!.Text("suite") == "DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-128-GCM" && vector!["mode"]!.GetValue<int>() == 0)!;
}
