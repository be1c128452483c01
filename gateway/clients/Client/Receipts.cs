using System.Security.Cryptography;
using Tendering.Protocols;

namespace Tendering.Client;

/// <summary>The platform's public key for receipts, as a JWK.</summary>
public sealed record ReceiptKey(string Kty, string Crv, string X, string Y, string? Kid)
{
    public static Task<ReceiptKey> FetchAsync(Session session, CancellationToken ct) => session.GetAsync<ReceiptKey>("api/bidding/receipt-key", ct);

    /// <summary>The receipt's claims if this key signed them, else null.</summary>
    public ReceiptClaims? Verify(string receipt)
    {
        if (Base64UrlText.TryDecode(X) is not { Length: 32 } x || Base64UrlText.TryDecode(Y) is not { Length: 32 } y || Crv != "P-256") return null;
        using var key = ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = new ECPoint { X = x, Y = y } });
        return Receipt.Verify(receipt, key);
    }
}
