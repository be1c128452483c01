using System.Security.Cryptography;
using System.Text;

namespace Tendering.Protocols.Tests;

public class ReceiptTests
{
    private static readonly ReceiptClaims Claims = new(
        Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid(), 3, HexText.Sha256("manifest"u8), new DateTimeOffset(2026, 3, 1, 17, 0, 0, TimeSpan.FromHours(8)).AddTicks(1234560));

    private readonly ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    [Fact]
    public void A_receipt_says_what_was_taken_and_when()
    {
        var jws = Receipt.Sign(Claims, key, "k1");
        Assert.Equal(Claims with { Time = Claims.Time.ToUniversalTime() }, Receipt.Verify(jws, key));
        Assert.Equal(new JwsHeader("ES256", "k1", "tendering-receipt"), Jws.ReadHeader(jws));
        var payload = Encoding.UTF8.GetString(Base64UrlText.Decode(jws.Split('.')[1]));
        Assert.Contains("\"time\":\"2026-03-01T09:00:00.123456Z\"", payload, StringComparison.Ordinal);
    }

    [Fact]
    public void Any_flipped_bit_is_noticed()
    {
        var jws = Encoding.ASCII.GetBytes(Receipt.Sign(Claims, key, "k1"));
        for (var bit = 0; bit < jws.Length * 8; bit++)
        {
            var changed = jws.ToArray();
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.Null(Receipt.Verify(Encoding.Latin1.GetString(changed), key));
        }
    }

    [Fact]
    public void Another_key_is_noticed()
    {
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Assert.Null(Receipt.Verify(Receipt.Sign(Claims, key, "k1"), other));
    }

    [Fact]
    public void A_signature_for_another_purpose_is_no_receipt()
    {
        var payload = Base64UrlText.Decode(Receipt.Sign(Claims, key, "k1").Split('.')[1]);
        Assert.NotNull(Receipt.Verify(Jws.Sign(payload, key, "k1", Receipt.Type), key));
        Assert.Null(Receipt.Verify(Jws.Sign(payload, key, "k1", "JWT"), key));
        Assert.Null(Receipt.Verify(Jws.Sign("{}"u8, key, "k1", Receipt.Type), key));
    }

    [Theory]
    [InlineData("""{"alg":"none","kid":"k1","typ":"tendering-receipt"}""")]
    [InlineData("""{"alg":"ES256","jwk":{},"kid":"k1","typ":"tendering-receipt"}""")]
    [InlineData("""{"alg":"ES256","crit":["x"],"kid":"k1","typ":"tendering-receipt"}""")]
    [InlineData("""{"alg":"ES256","typ":"tendering-receipt"}""")]
    [InlineData("""{"typ":"tendering-receipt","alg":"ES256","kid":"k1"}""")]
    public void Another_header_is_refused_even_when_it_is_signed(string header)
    {
        var body = Receipt.Sign(Claims, key, "k1").Split('.')[1];
        var signed = Base64UrlText.Encode(Encoding.UTF8.GetBytes(header)) + "." + body;
        var jws = signed + "." + Base64UrlText.Encode(key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256));
        Assert.Null(Receipt.Verify(jws, key));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("a.b")]
    [InlineData("..")]
    [InlineData("a.b.c.d")]
    public void What_is_no_JWS_is_refused(string? jws) => Assert.Null(Receipt.Verify(jws, key));

    [Fact]
    public void The_signature_example_of_RFC_7515_appendix_A_3_holds()
    {
        // Its header has no kid, so that only the signature itself is compared, over the RFC's own signing input.
        const string signed = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
        const string signature = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
        using var rfc = ECDsa.Create(new ECParameters
        {
            Curve = ECCurve.NamedCurves.nistP256,
            Q = new ECPoint { X = Base64UrlText.Decode("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"), Y = Base64UrlText.Decode("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0") },
        });
        Assert.True(rfc.VerifyData(Encoding.ASCII.GetBytes(signed), Base64UrlText.Decode(signature), HashAlgorithmName.SHA256));
    }
}
