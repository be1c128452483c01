using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace Tendering.Protocols.Tests;

public class CustodianKeyTests
{
    [Fact]
    public void A_key_travels_as_PEM()
    {
        using var key = CustodianKey.Generate();
        using var read = CustodianKey.ImportPem(key.ExportPem());
        Assert.Equal(key.PublicKey, read.PublicKey);
        Assert.Equal("share"u8.ToArray(), read.Open("info"u8, Hpke.Seal(key.PublicKeyBytes, "info"u8, [], "share"u8)));
    }

    [Fact]
    public void A_key_travels_as_a_file_under_a_passphrase()
    {
        using var key = CustodianKey.Generate();
        using var read = CustodianKey.ImportProtected(key.ExportProtected("开标口令 correct horse"), "开标口令 correct horse");
        Assert.Equal(key.ExportPem(), read.ExportPem());
    }

    [Fact]
    public void A_wrong_passphrase_is_told_from_a_broken_file()
    {
        using var key = CustodianKey.Generate();
        var file = key.ExportProtected("right");
        Assert.Equal("key-file.passphrase", Assert.Throws<KeyFileException>(() => CustodianKey.ImportProtected(file, "wrong")).Code);
        Assert.Equal("key-file.malformed", Assert.Throws<KeyFileException>(() => CustodianKey.ImportProtected("{}", "right")).Code);
        Assert.Equal("key-file.malformed", Assert.Throws<KeyFileException>(() => CustodianKey.ImportProtected("no json", "right")).Code);
    }

    [Theory]
    [InlineData("ciphertext")]
    [InlineData("publicKey")]
    [InlineData("nonce")]
    [InlineData("salt")]
    public void A_changed_key_file_is_refused(string member)
    {
        using var key = CustodianKey.Generate();
        var file = JsonNode.Parse(key.ExportProtected("right"))!;
        var text = file.Text(member);
        file[member] = (text[0] == 'A' ? 'B' : 'A') + text[1..];
        Assert.Throws<KeyFileException>(() => CustodianKey.ImportProtected(file.ToJsonString(), "right"));
    }

    [Theory]
    [InlineData(599_999)]
    [InlineData(1)]
    [InlineData(int.MaxValue)]
    public void A_key_file_with_other_rounds_than_allowed_is_refused(int rounds)
    {
        using var key = CustodianKey.Generate();
        var file = JsonNode.Parse(key.ExportProtected("right"))!;
        file["rounds"] = rounds;
        Assert.Equal("key-file.malformed", Assert.Throws<KeyFileException>(() => CustodianKey.ImportProtected(file.ToJsonString(), "right")).Code);
    }

    [Fact]
    public void A_key_of_another_curve_is_refused()
    {
        using var other = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP384);
        Assert.ThrowsAny<CryptographicException>(() => CustodianKey.ImportPem(other.ExportPkcs8PrivateKeyPem()));
        Assert.ThrowsAny<CryptographicException>(() => CustodianKey.ImportPem("no key"));
    }

    [Fact]
    public void A_public_key_is_a_point_of_the_curve_in_one_form()
    {
        using var key = CustodianKey.Generate();
        var off = key.PublicKeyBytes.ToArray();
        off[10] ^= 1;
        Assert.True(CustodianKey.IsPublicKey(key.PublicKey));
        Assert.False(CustodianKey.IsPublicKey(Base64UrlText.Encode(off)));
        Assert.False(CustodianKey.IsPublicKey(key.PublicKey + "="));
        Assert.False(CustodianKey.IsPublicKey(null));
    }

    [Fact]
    public void What_is_remembered_of_points_changes_no_answer()
    {
        using var key = CustodianKey.Generate();
        var off = key.PublicKeyBytes.ToArray();
        off[64] ^= 1;
        // Multiples of the generator, more than are remembered.
        var points = new List<string>();
        for (CurvePoint? p = P256Curve.Generator; points.Count < 5_000; p = P256Curve.Add(p, P256Curve.Generator))
            points.Add(Base64UrlText.Encode([0x04, .. P256Curve.Bytes(p!.Value.X, 32), .. P256Curve.Bytes(p.Value.Y, 32)]));
        for (var round = 0; round < 2; round++)
        {
            Assert.All(points, p => Assert.True(CustodianKey.IsPublicKey(p)));
            Assert.True(CustodianKey.IsPublicKey(key.PublicKey));
            Assert.False(CustodianKey.IsPublicKey(Base64UrlText.Encode(off)));
            // Other tests that run beside this one may be just about to remember theirs.
            Assert.InRange(CustodianKey.Remembered, 1, CustodianKey.PointsMax + 100);
        }
    }
}
