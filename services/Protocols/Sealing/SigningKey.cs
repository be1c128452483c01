using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Tendering.Protocols;

/// <summary>The P-256 key of a bidder's signing certificate, made and kept on its own device.</summary>
public sealed class SigningKey : IDisposable
{
    private readonly ECDsa key;

    private SigningKey(ECDsa key)
    {
        this.key = key;
        var q = key.ExportParameters(includePrivateParameters: false).Q;
        PublicKey = Base64UrlText.Encode([0x04, .. q.X!, .. q.Y!]);
    }

    /// <summary>The uncompressed point (65 bytes) in base64url.</summary>
    public string PublicKey { get; }

    public static SigningKey Generate() => new(ECDsa.Create(ECCurve.NamedCurves.nistP256));

    /// <summary>Opens <see cref="ExportProtected"/>'s file; a <see cref="KeyFileException"/> says whether file or passphrase is wrong.</summary>
    public static SigningKey ImportProtected(string json, string passphrase) => ProtectedKeyFile.Open(json, passphrase, pkcs8 =>
    {
        var key = ECDsa.Create();
        try
        {
            key.ImportPkcs8PrivateKey(pkcs8, out var read);
            return read == pkcs8.Length && key.ExportParameters(false).Curve.Oid.Value == ECCurve.NamedCurves.nistP256.Oid.Value
                ? new SigningKey(key)
                : throw new CryptographicException("Not a P-256 key.");
        }
        catch
        {
            key.Dispose();
            throw;
        }
    });

    /// <summary>The private key as a JSON file under a passphrase, in the form of <see cref="CustodianKey.ExportProtected"/>.</summary>
    public string ExportProtected(string passphrase) => ProtectedKeyFile.Write(PublicKey, key.ExportPkcs8PrivateKey(), passphrase);

    /// <summary>A certificate request (PKCS #10) in PEM; an authority writes the subject that it knows, whatever is named here.</summary>
    public string CertificateRequest(string commonName)
    {
        var subject = new X500DistinguishedNameBuilder();
        subject.AddCommonName(commonName);
        return new CertificateRequest(subject.Build(), key, HashAlgorithmName.SHA256).CreateSigningRequestPem();
    }

    /// <summary>The certificate with this key, ready for <see cref="BidSignature.Sign"/>; an <see cref="ArgumentException"/> if it belongs to another key.</summary>
    public X509Certificate2 With(X509Certificate2 certificate) => certificate.CopyWithPrivateKey(key);

    public void Dispose() => key.Dispose();
}
