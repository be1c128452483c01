using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Tendering.Protocols;

/// <summary>
/// A certificate that signs bids, with its key and what was found out about its path: a path that was good holds for every moment at which all its
/// certificates are valid, so it is built once and not at each signature. One object serves many threads.
/// </summary>
public sealed class SigningCertificate : IDisposable
{
    private readonly ECDsa? key;
    private readonly Lock gate = new();
    private volatile GoodPath? good;

    /// <summary>Reads a certificate; what is none is a <see cref="CryptographicException"/>.</summary>
    public SigningCertificate(ReadOnlySpan<byte> der)
    {
        Certificate = X509CertificateLoader.LoadCertificate(der);
        Thumbprint = ThumbprintOf(Certificate);
        key = Certificate.GetECDsaPublicKey();
        if (key is not null && key.ExportParameters(false).Curve.Oid.Value != ECCurve.NamedCurves.nistP256.Oid.Value)
        {
            key.Dispose();
            key = null;
        }
    }

    /// <summary>SHA-256 of the DER, lower-case hexadecimal.</summary>
    public static string ThumbprintOf(X509Certificate2 certificate) => HexText.Sha256(certificate.RawDataMemory.Span);

    public X509Certificate2 Certificate { get; }

    /// <summary>As <see cref="ThumbprintOf"/> gives it.</summary>
    public string Thumbprint { get; }

    /// <summary>May this certificate sign a bid at the moment <paramref name="at"/>? Nothing is fetched, so revocation is the caller's to check.</summary>
    /// <param name="brought">Intermediate certificates that may be on the path.</param>
    public SignatureVerdict Judge(X509Certificate2Collection trustedRoots, IEnumerable<X509Certificate2> brought, DateTimeOffset at)
    {
        if (good is { } known && ReferenceEquals(known.Roots, trustedRoots) && at >= known.From && at <= known.Until)
        {
            return SignatureVerdict.Good;
        }

        var usages = Certificate.Extensions.OfType<X509KeyUsageExtension>().FirstOrDefault()?.KeyUsages;
        const X509KeyUsageFlags signing = X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.NonRepudiation;
        return usages is { } stated && (stated & signing) == 0 ? SignatureVerdict.CertificateNotForSigning : BuildPath(trustedRoots, brought, at);
    }

    /// <summary>Issuer (DER) and serial number (hexadecimal) of each certificate of the good path below its root: what a revocation list may name.</summary>
    public IReadOnlyList<(string Issuer, string SerialNumber)> Path => good?.Path ?? [];

    public void Dispose()
    {
        key?.Dispose();
        Certificate.Dispose();
    }

    internal bool IsP256 => key is not null;

    internal bool Signed(ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        // The framework promises one thread an object.
        lock (gate)
        {
            return key!.VerifyData(data, signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
        }
    }

    private SignatureVerdict BuildPath(X509Certificate2Collection trustedRoots, IEnumerable<X509Certificate2> brought, DateTimeOffset at)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(trustedRoots);
        chain.ChainPolicy.ExtraStore.AddRange(brought.ToArray());
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationTime = at.UtcDateTime;
        if (chain.Build(Certificate))
        {
            var links = chain.ChainElements.Select(element => element.Certificate).ToArray();
            good = new GoodPath(
                trustedRoots, links.Max(link => new DateTimeOffset(link.NotBefore)), links.Min(link => new DateTimeOffset(link.NotAfter)),
                [.. links.Take(Math.Max(1, links.Length - 1)).Select(link => (HexText.Encode(link.IssuerName.RawData), link.SerialNumber))]);
            return SignatureVerdict.Good;
        }

        return chain.ChainStatus.All(status => status.Status == X509ChainStatusFlags.NotTimeValid)
            ? SignatureVerdict.CertificateNotValidThen
            : SignatureVerdict.CertificateNotTrusted;
    }

    private sealed record GoodPath(X509Certificate2Collection Roots, DateTimeOffset From, DateTimeOffset Until, IReadOnlyList<(string Issuer, string SerialNumber)> Path);
}
