using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;

namespace Tendering.Protocols;

/// <summary>What the platform says it took, and when (UTC, to the microsecond).</summary>
/// <param name="ManifestHash">64 lower-case hexadecimal digits.</param>
public sealed record ReceiptClaims(Guid Bid, Guid Tender, Guid Lot, Guid Bidder, int Revision, string ManifestHash, DateTimeOffset Time);

/// <summary>The platform's signed receipt for a bid: a JWS (ES256) of type <c>tendering-receipt</c> whose payload is canonical JSON.</summary>
public static class Receipt
{
    public const string Type = "tendering-receipt";
    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'";

    public static string Sign(ReceiptClaims claims, ECDsa key, string keyId)
    {
        if (!HexText.IsSha256(claims.ManifestHash))
        {
            throw new ArgumentException("The manifest's hash is not 32 bytes of hexadecimal.", nameof(claims));
        }

        var time = claims.Time.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture);
        var payload = new Payload(claims.Bid, claims.Tender, claims.Lot, claims.Bidder, claims.Revision, claims.ManifestHash, time);
        return Jws.Sign(CanonicalJson.Serialize(payload), key, keyId, Type);
    }

    /// <summary>The claims if the platform's key signed them as a receipt, else null.</summary>
    public static ReceiptClaims? Verify(string? jws, ECDsa publicKey)
    {
        if (Jws.Verify(jws, publicKey, Type) is not { } bytes)
        {
            return null;
        }

        try
        {
            var payload = CanonicalJson.Deserialize<Payload>(bytes);
            return DateTimeOffset.TryParseExact(payload.Time, TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
                ? new ReceiptClaims(payload.Bid, payload.Tender, payload.Lot, payload.Bidder, payload.Revision, payload.ManifestHash, time)
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private sealed record Payload(Guid Bid, Guid Tender, Guid Lot, Guid Bidder, int Revision, string ManifestHash, string Time);
}
