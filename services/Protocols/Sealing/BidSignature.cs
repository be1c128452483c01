using System.Security.Cryptography;
using System.Security.Cryptography.Pkcs;
using System.Security.Cryptography.X509Certificates;

namespace Tendering.Protocols;

/// <summary>
/// The bidder's signature: detached CMS (RFC 5652), DER, over the manifest's canonical bytes with SHA-256, so that the signed messageDigest is the manifest's
/// hash. A stranger checks it with <c>openssl cms -verify -binary -inform DER -in bid.p7s -content manifest.json -CAfile roots.pem -purpose any</c>.
/// </summary>
public static class BidSignature
{
    public const int BytesMax = 32 * 1024;
    private const string Sha256Oid = "2.16.840.1.101.3.4.2.1";

    /// <summary>Signs with a P-256 certificate that has its private key; intermediates travel along if given.</summary>
    public static byte[] Sign(BidManifest manifest, X509Certificate2 certificate, X509Certificate2Collection? intermediates = null, DateTimeOffset? at = null) =>
        Sign(manifest.Canonical(), certificate, intermediates, at);

    /// <summary>Signs other bytes in the same form.</summary>
    public static byte[] Sign(byte[] content, X509Certificate2 certificate, X509Certificate2Collection? intermediates = null, DateTimeOffset? at = null)
    {
        var signer = new CmsSigner(SubjectIdentifierType.IssuerAndSerialNumber, certificate)
        {
            DigestAlgorithm = new Oid(Sha256Oid),
            IncludeOption = X509IncludeOption.EndCertOnly,
        };

        // With signed attributes the signature covers the manifest's hash itself, which a card or a service can sign without the manifest.
        signer.SignedAttributes.Add(new Pkcs9SigningTime((at ?? DateTimeOffset.UtcNow).UtcDateTime));
        signer.Certificates.AddRange(intermediates ?? []);
        var cms = new SignedCms(new ContentInfo(content), detached: true);
        cms.ComputeSignature(signer, silent: true);
        return cms.Encode();
    }

    /// <summary>Checks signature, certificate, and its path to a trusted root at the moment <paramref name="at"/>; nothing is fetched, so revocation is the caller's to check.</summary>
    public static SignatureCheck Verify(BidManifest manifest, byte[] cms, X509Certificate2Collection trustedRoots, DateTimeOffset at) => Verify(manifest.Canonical(), cms, trustedRoots, at);

    /// <summary>The same check of a signature over other bytes, such as those of an opening's announcement.</summary>
    public static SignatureCheck Verify(byte[] content, byte[] cms, X509Certificate2Collection trustedRoots, DateTimeOffset at)
    {
        if (cms.Length > BytesMax)
        {
            return SignatureCheck.Refused(SignatureVerdict.Malformed);
        }

        try
        {
            var message = new SignedCms(new ContentInfo(content), detached: true);
            message.Decode(cms);
            return Verify(message, cms, trustedRoots, at);
        }
        catch (CryptographicException)
        {
            return SignatureCheck.Refused(SignatureVerdict.Malformed);
        }
    }

    private static SignatureCheck Verify(SignedCms message, byte[] cms, X509Certificate2Collection trustedRoots, DateTimeOffset at)
    {
        if (message.SignerInfos.Count != 1 || message.SignerInfos[0].Certificate is not { } certificate)
        {
            return SignatureCheck.Refused(SignatureVerdict.Malformed);
        }

        var signer = message.SignerInfos[0];
        if (signer.DigestAlgorithm.Value != Sha256Oid || !IsP256(certificate))
        {
            return SignatureCheck.Refused(SignatureVerdict.Algorithm, certificate);
        }

        if (!CmsForm.IsExpected(cms))
        {
            return SignatureCheck.Refused(SignatureVerdict.Malformed, certificate);
        }

        if (!SignatureHolds(signer))
        {
            return SignatureCheck.Refused(SignatureVerdict.SignatureWrong, certificate);
        }

        return new SignatureCheck(CertificateVerdict(certificate, message.Certificates, trustedRoots, at), certificate);
    }

    private static bool SignatureHolds(SignerInfo signer)
    {
        try
        {
            signer.CheckSignature(verifySignatureOnly: true);
            return true;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    private static bool IsP256(X509Certificate2 certificate)
    {
        using var key = certificate.GetECDsaPublicKey();
        return key?.ExportParameters(false).Curve.Oid.Value == ECCurve.NamedCurves.nistP256.Oid.Value;
    }

    private static SignatureVerdict CertificateVerdict(
        X509Certificate2 certificate, X509Certificate2Collection brought, X509Certificate2Collection trustedRoots, DateTimeOffset at)
    {
        var usages = certificate.Extensions.OfType<X509KeyUsageExtension>().FirstOrDefault()?.KeyUsages;
        const X509KeyUsageFlags signing = X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.NonRepudiation;
        if (usages is { } stated && (stated & signing) == 0)
        {
            return SignatureVerdict.CertificateNotForSigning;
        }

        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(trustedRoots);
        chain.ChainPolicy.ExtraStore.AddRange(brought);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationTime = at.UtcDateTime;
        if (chain.Build(certificate))
        {
            return SignatureVerdict.Good;
        }

        return chain.ChainStatus.All(status => status.Status == X509ChainStatusFlags.NotTimeValid)
            ? SignatureVerdict.CertificateNotValidThen
            : SignatureVerdict.CertificateNotTrusted;
    }
}
