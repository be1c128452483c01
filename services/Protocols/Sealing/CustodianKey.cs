using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace Tendering.Protocols;

/// <summary>A P-256 key pair made on its holder's device: a custodian's key for a tender, or a bidder's recovery key.</summary>
public sealed class CustodianKey : IDisposable
{
    // All bids of a tender name the same custodians: what is a point once is one each time. When it is full it begins anew.
    internal const int PointsMax = 4096;
    private static readonly ConcurrentDictionary<string, bool> Points = new();
    private static int pointsCount;

    private readonly ECDiffieHellman key;

    private CustodianKey(ECDiffieHellman key)
    {
        this.key = key;
        PublicKeyBytes = P256Key.PublicPoint(key);
        PublicKey = Base64UrlText.Encode(PublicKeyBytes);
    }

    /// <summary>The uncompressed point (65 bytes) in base64url: 87 characters.</summary>
    public string PublicKey { get; }

    public byte[] PublicKeyBytes { get; }

    internal static int Remembered => Points.Count;

    public static CustodianKey Generate() => new(ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256));

    /// <summary>Reads an unencrypted PKCS #8 key as PEM; anything but a P-256 private key is a <see cref="CryptographicException"/>.</summary>
    public static CustodianKey ImportPem(string pem)
    {
        if (!PemEncoding.TryFind(pem, out var fields) || pem[fields.Label] != "PRIVATE KEY")
        {
            throw new CryptographicException("Not a PEM private key.");
        }

        return ImportPkcs8(Convert.FromBase64String(pem[fields.Base64Data]));
    }

    /// <summary>Opens <see cref="ExportProtected"/>'s file; a <see cref="KeyFileException"/> says whether file or passphrase is wrong.</summary>
    public static CustodianKey ImportProtected(string json, string passphrase) => ProtectedKeyFile.Open(json, passphrase, pkcs8 => ImportPkcs8(pkcs8));

    /// <summary>Is the text a public key as <see cref="PublicKey"/> writes it, and a point of the curve?</summary>
    public static bool IsPublicKey(string? text)
        => text is { Length: 87 } && (Points.ContainsKey(text) || (Base64UrlText.TryDecode(text) is { } point && P256Key.IsPoint(point) && Remember(text)));

    /// <summary>The private key as unencrypted PKCS #8 in PEM.</summary>
    public string ExportPem() => key.ExportPkcs8PrivateKeyPem();

    /// <summary>The private key as a JSON file under a passphrase: PBKDF2-SHA-256 with 600,000 rounds, AES-256-GCM.</summary>
    public string ExportProtected(string passphrase) => ProtectedKeyFile.Write(PublicKey, key.ExportPkcs8PrivateKey(), passphrase);

    /// <summary>Opens what HPKE sealed to this key; anything else is a <see cref="CryptographicException"/>.</summary>
    public byte[] Open(ReadOnlySpan<byte> info, ReadOnlySpan<byte> sealedBytes) => Hpke.Open(key, info, [], sealedBytes);

    public void Dispose() => key.Dispose();

    private static bool Remember(string point)
    {
        if (Interlocked.Increment(ref pointsCount) > PointsMax)
        {
            Points.Clear();
            Interlocked.Exchange(ref pointsCount, 1);
        }

        Points[point] = true;
        return true;
    }

    internal byte[] ExportScalar() => key.ExportParameters(includePrivateParameters: true).D!;

    internal static CustodianKey ImportPkcs8(ReadOnlySpan<byte> pkcs8)
    {
        var key = ECDiffieHellman.Create();
        try
        {
            key.ImportPkcs8PrivateKey(pkcs8, out var read);
            if (read != pkcs8.Length || key.ExportParameters(false).Curve.Oid.Value != ECCurve.NamedCurves.nistP256.Oid.Value)
            {
                throw new CryptographicException("Not a P-256 key.");
            }

            return new CustodianKey(key);
        }
        catch
        {
            key.Dispose();
            throw;
        }
    }
}
