using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Tendering.ServiceDefaults;

namespace Tendering.Identity.Domain;

/// <summary>What certificates look like: a root of our own, and one for an organisation, whose subject comes from our records and not from the request.</summary>
public static class CertificateForm
{
    private const string OrganizationIdentifier = "2.5.4.97", SerialNumber = "2.5.4.5";
    private const int CommonNameMax = 64, SerialLength = 16;                       // the common name's upper bound: RFC 5280, appendix A
    public const int RootYears = 20, Years = 3;

    /// <summary>The public key of a PKCS#10 request whose own signature is right, or a <see cref="MalformedException"/>.</summary>
    public static PublicKey ReadRequest(string pem, string field)
    {
        try
        {
            var key = CertificateRequest.LoadSigningRequestPem(pem, HashAlgorithmName.SHA256).PublicKey;
            using var ecdsa = key.GetECDsaPublicKey();
            if (ecdsa?.ExportParameters(false).Curve.Oid.Value == ECCurve.NamedCurves.nistP256.Oid.Value) return key;
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException) { }
        throw new MalformedException(field, "A PKCS#10 certificate request in PEM is needed, signed by its own key, which lies on the curve P-256.");
    }

    /// <summary>A self-signed root that carries its private key.</summary>
    public static X509Certificate2 NewRoot(ECDsa key, DateTimeOffset now)
    {
        var subject = new X500DistinguishedNameBuilder();
        subject.AddCountryOrRegion("CN");
        subject.AddCommonName($"Tendering development root {Guid.NewGuid():N}");
        var request = new CertificateRequest(subject.Build(), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        return request.CreateSelfSigned(now, now.AddYears(RootYears));
    }

    public static X509Certificate2 Issue(X509Certificate2 root, ECDsa rootKey, string name, string socialCreditCode, PublicKey key, DateTimeOffset now)
    {
        var request = new CertificateRequest(SubjectOf(name, socialCreditCode), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.NonRepudiation, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(key, false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(root, true, false));
        var serial = RandomNumberGenerator.GetBytes(SerialLength);
        serial[0] = (byte)((serial[0] & 0x7F) | 0x40);                              // positive, and always of the same length
        return request.Create(root.SubjectName, X509SignatureGenerator.CreateForECDsa(rootKey), now, now.AddYears(Years), serial);
    }

    private static X500DistinguishedName SubjectOf(string name, string socialCreditCode)
    {
        var subject = new X500DistinguishedNameBuilder();
        subject.AddCountryOrRegion("CN");
        subject.AddCommonName(Short(name));
        subject.Add(OrganizationIdentifier, socialCreditCode);
        subject.Add(SerialNumber, socialCreditCode);
        return subject.Build();
    }

    // Never between the halves of a character.
    private static string Short(string name) =>
        name.Length <= CommonNameMax ? name : name[..(char.IsHighSurrogate(name[CommonNameMax - 1]) ? CommonNameMax - 1 : CommonNameMax)];
}
