using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Tendering.Identity.Domain;
using Tendering.Protocols;
using Tendering.ServiceDefaults;

namespace Tendering.Identity.Tests.Domain;

public class CertificateFormTests
{
    private const string Code = "91330106MA2CFLDG4R";
    private static readonly DateTimeOffset Now = new(2031, 5, 6, 7, 8, 9, TimeSpan.Zero);

    [Fact]
    public void A_certificate_names_what_is_registered_and_chains_to_its_root()
    {
        using var holder = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var root = CertificateForm.NewRoot(rootKey, Now);
        var key = CertificateForm.ReadRequest(IdentityHost.NewRequest(holder, "CN=Somebody Else, O=Ministry"), "certificateRequest");
        using var certificate = CertificateForm.Issue(root, rootKey, "细心建设 Ltd, \"Careful\" + Sons", Code, key, Now);

        Assert.Equal("细心建设 Ltd, \"Careful\" + Sons", certificate.GetNameInfo(X509NameType.SimpleName, false));
        Assert.DoesNotContain("Somebody", certificate.Subject, StringComparison.Ordinal);
        Assert.Equal(Code, SignatureCheck.OrganisationOf(certificate));
        Assert.Contains($"SERIALNUMBER={Code}", certificate.Subject, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(holder.ExportSubjectPublicKeyInfo(), certificate.GetECDsaPublicKey()!.ExportSubjectPublicKeyInfo());
        Assert.Equal((Now, Now.AddYears(3)), (certificate.NotBefore.ToUniversalTime(), certificate.NotAfter.ToUniversalTime()));

        using var chain = new X509Chain { ChainPolicy = { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, VerificationTime = Now.AddYears(1).UtcDateTime } };
        chain.ChainPolicy.CustomTrustStore.Add(root);
        Assert.True(chain.Build(certificate), string.Join(", ", chain.ChainStatus.Select(s => s.StatusInformation)));
    }

    [Fact]
    public void A_bid_signed_with_it_on_the_day_it_was_issued_is_good()
    {
        using var holder = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var root = CertificateForm.NewRoot(rootKey, Now.AddTicks(7));
        using var certificate = CertificateForm.Issue(root, rootKey, new string('长', 200), Code, CertificateForm.ReadRequest(IdentityHost.NewRequest(holder), ""), Now.AddTicks(7));
        Assert.Equal(64, certificate.GetNameInfo(X509NameType.SimpleName, false).Length);
        using var chain = new X509Chain { ChainPolicy = { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, VerificationTime = Now.AddTicks(7).UtcDateTime } };
        chain.ChainPolicy.CustomTrustStore.Add(root);
        Assert.True(chain.Build(certificate));
    }

    [Theory]
    [InlineData("no PEM at all")]
    [InlineData("-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----")]
    public void What_is_no_request_is_malformed(string pem) => Assert.Throws<MalformedException>(() => CertificateForm.ReadRequest(pem, "certificateRequest"));

    [Fact]
    public void Another_curve_another_algorithm_or_a_wrong_signature_is_malformed()
    {
        using var larger = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        using var rsa = RSA.Create(2048);
        var byRsa = new CertificateRequest("CN=x", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSigningRequestPem();
        Assert.Throws<MalformedException>(() => CertificateForm.ReadRequest(IdentityHost.NewRequest(larger), ""));
        Assert.Throws<MalformedException>(() => CertificateForm.ReadRequest(byRsa, ""));

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var der = new CertificateRequest("CN=x", key, HashAlgorithmName.SHA256).CreateSigningRequest();
        der[^1] ^= 1;
        Assert.Throws<MalformedException>(() => CertificateForm.ReadRequest(PemEncoding.WriteString("CERTIFICATE REQUEST", der), ""));
    }
}
