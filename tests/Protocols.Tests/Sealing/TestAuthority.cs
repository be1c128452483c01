using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Tendering.Protocols.Tests;

/// <summary>A certificate authority that lives as long as a test.</summary>
internal sealed class TestAuthority
{
    public static readonly DateTimeOffset Now = new(2026, 3, 1, 9, 0, 0, TimeSpan.Zero);

    private readonly ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public TestAuthority(string name = "CN=Test CA")
    {
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        Root = request.CreateSelfSigned(Now.AddYears(-1), Now.AddYears(9));
    }

    public X509Certificate2 Root { get; }

    public X509Certificate2 Issue(
        ECDsa? holder = null, X509KeyUsageFlags usage = X509KeyUsageFlags.DigitalSignature, string organisation = "NTRCN-91350100M000100Y43", string oid = "2.5.4.97")
    {
        holder ??= ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var issued = Issue(new PublicKey(holder), usage, organisation, oid);
        return issued.CopyWithPrivateKey(holder);
    }

    /// <summary>A certificate for a key whose private half stays with its holder.</summary>
    public X509Certificate2 Issue(
        PublicKey holder, X509KeyUsageFlags usage = X509KeyUsageFlags.DigitalSignature, string organisation = "NTRCN-91350100M000100Y43", string oid = "2.5.4.97")
    {
        var subject = new X500DistinguishedNameBuilder();
        subject.AddCommonName("某某建设有限公司");
        subject.Add(oid, organisation);
        var request = new CertificateRequest(subject.Build(), holder, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509KeyUsageExtension(usage, true));
        return request.Create(Root.SubjectName, X509SignatureGenerator.CreateForECDsa(key), Now.AddMonths(-1), Now.AddMonths(11), RandomNumberGenerator.GetBytes(8));
    }
}
