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
    public static SignatureCheck Verify(BidManifest manifest, byte[] cms, X509Certificate2Collection trustedRoots, DateTimeOffset at)
        => Verify(manifest.Canonical(), cms, der => new SigningCertificate(der.Span), trustedRoots, at);

    /// <summary>The same check of a signature over other bytes, such as those of an opening's announcement.</summary>
    public static SignatureCheck Verify(byte[] content, byte[] cms, X509Certificate2Collection trustedRoots, DateTimeOffset at)
        => Verify(content, cms, der => new SigningCertificate(der.Span), trustedRoots, at);

    /// <summary>The same for canonical bytes and for certificates that may be known already: <paramref name="find"/> gives the object for a certificate's DER, or throws a <see cref="CryptographicException"/>.</summary>
    public static SignatureCheck Verify(
        ReadOnlySpan<byte> canonical, byte[] cms, Func<ReadOnlyMemory<byte>, SigningCertificate> find, X509Certificate2Collection trustedRoots, DateTimeOffset at)
    {
        if (cms.Length > BytesMax || CmsForm.Read(cms) is not { } message || message.FindCertificate() is not { } der)
        {
            return SignatureCheck.Refused(SignatureVerdict.Malformed);
        }

        try
        {
            return Verify(canonical, message, find(der), der, trustedRoots, at);
        }
        catch (CryptographicException)
        {
            return SignatureCheck.Refused(SignatureVerdict.Malformed);
        }
    }

    private static SignatureCheck Verify(
        ReadOnlySpan<byte> canonical, CmsForm message, SigningCertificate signer, ReadOnlyMemory<byte> der, X509Certificate2Collection trustedRoots, DateTimeOffset at)
    {
        if (message.DigestAlgorithm != CmsForm.Sha256 || message.SignatureAlgorithm != CmsForm.EcdsaWithSha256 || !signer.IsP256)
        {
            return SignatureCheck.Refused(SignatureVerdict.Algorithm, signer);
        }

        if (!message.MessageDigest.Span.SequenceEqual(SHA256.HashData(canonical)) || !signer.Signed(message.SignedAttributes, message.Signature.Span))
        {
            return SignatureCheck.Refused(SignatureVerdict.SignatureWrong, signer);
        }

        var brought = message.Certificates.Where(other => !other.Equals(der)).Select(other => X509CertificateLoader.LoadCertificate(other.Span)).ToArray();
        return new SignatureCheck(signer.Judge(trustedRoots, brought, at), signer);
    }
}
