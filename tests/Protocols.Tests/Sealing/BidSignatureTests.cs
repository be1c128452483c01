using System.Security.Cryptography;
using System.Security.Cryptography.Pkcs;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Tendering.Protocols.Tests;

public class BidSignatureTests
{
    private static readonly DateTimeOffset Now = TestAuthority.Now;
    private readonly TestAuthority authority = new();

    [Fact]
    public async Task A_bidders_signature_is_good_and_says_who_signed()
    {
        var manifest = await Manifest();
        var check = Verify(manifest, BidSignature.Sign(manifest, authority.Issue(), at: Now));
        Assert.Equal(SignatureVerdict.Good, check.Verdict);
        Assert.True(check.IsGood);
        Assert.Equal("91350100M000100Y43", check.SubjectOrganisation);
    }

    [Theory]
    [InlineData("2.5.4.97", "91350100M000100Y43")]
    [InlineData("2.5.4.5", "91350100M000100Y43")]
    public void The_organisation_is_read_from_either_attribute(string oid, string number)
        => Assert.Equal("91350100M000100Y43", SignatureCheck.OrganisationOf(authority.Issue(organisation: number, oid: oid)));

    [Fact]
    public async Task A_signature_for_another_manifest_is_wrong()
    {
        var manifest = await Manifest();
        var cms = BidSignature.Sign(manifest, authority.Issue(), at: Now);
        Assert.Equal(SignatureVerdict.SignatureWrong, Verify(manifest with { Revision = 2 }, cms).Verdict);
    }

    [Fact]
    public async Task A_signature_under_another_authority_is_not_trusted()
    {
        var manifest = await Manifest();
        var cms = BidSignature.Sign(manifest, new TestAuthority().Issue(), at: Now);
        Assert.Equal(SignatureVerdict.CertificateNotTrusted, Verify(manifest, cms).Verdict);
        Assert.Equal(SignatureVerdict.CertificateNotTrusted, BidSignature.Verify(manifest, cms, [], Now).Verdict);
    }

    [Theory]
    [InlineData(-40)]
    [InlineData(400)]
    public async Task A_certificate_out_of_its_time_is_refused(int days)
    {
        var manifest = await Manifest();
        var cms = BidSignature.Sign(manifest, authority.Issue(), at: Now);
        Assert.Equal(SignatureVerdict.CertificateNotValidThen, BidSignature.Verify(manifest, cms, [authority.Root], Now.AddDays(days)).Verdict);
    }

    [Fact]
    public async Task A_certificate_for_another_use_is_refused()
    {
        var manifest = await Manifest();
        var cms = BidSignature.Sign(manifest, authority.Issue(usage: X509KeyUsageFlags.CrlSign), at: Now);
        Assert.Equal(SignatureVerdict.CertificateNotForSigning, Verify(manifest, cms).Verdict);
    }

    [Fact]
    public async Task Another_curve_or_hash_is_refused()
    {
        var manifest = await Manifest();
        using var p384 = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        Assert.Equal(SignatureVerdict.Algorithm, Verify(manifest, BidSignature.Sign(manifest, authority.Issue(p384), at: Now)).Verdict);
        Assert.Equal(SignatureVerdict.Algorithm, Verify(manifest, Cms(manifest.Canonical(), true, "2.16.840.1.101.3.4.2.2", authority.Issue())).Verdict);
    }

    [Fact]
    public async Task A_message_that_brings_its_own_content_is_refused()
    {
        var manifest = await Manifest();
        var other = manifest with { Revision = 9 };
        Assert.Equal(SignatureVerdict.Malformed, Verify(manifest, Cms(other.Canonical(), false, "2.16.840.1.101.3.4.2.1", authority.Issue())).Verdict);
    }

    [Fact]
    public async Task Two_signers_or_none_or_garbage_are_refused()
    {
        var manifest = await Manifest();
        Assert.Equal(SignatureVerdict.Malformed, Verify(manifest, Cms(manifest.Canonical(), true, "2.16.840.1.101.3.4.2.1", authority.Issue(), authority.Issue())).Verdict);
        Assert.Equal(SignatureVerdict.Malformed, Verify(manifest, []).Verdict);
        Assert.Equal(SignatureVerdict.Malformed, Verify(manifest, [1, 2, 3]).Verdict);
        Assert.Equal(SignatureVerdict.Malformed, Verify(manifest, new byte[BidSignature.BytesMax + 1]).Verdict);
    }

    [Fact]
    public async Task Any_flipped_bit_is_noticed()
    {
        var manifest = await Manifest();
        var cms = BidSignature.Sign(manifest, authority.Issue(), at: Now);
        for (var bit = 0; bit < cms.Length * 8; bit++)
        {
            var changed = cms.ToArray();
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(Verify(manifest, changed).IsGood, $"bit {bit}");
        }
    }

    [Fact]
    public async Task What_follows_the_message_is_refused()
    {
        var manifest = await Manifest();
        Assert.False(Verify(manifest, [.. BidSignature.Sign(manifest, authority.Issue(), at: Now), 0]).IsGood);
    }

    [Fact]
    public async Task Openssl_verifies_what_was_signed_here()
    {
        using var folder = new OpensslFolder();
        var manifest = await Manifest();
        folder.Write("manifest.json", manifest.Canonical());
        folder.Write("bid.p7s", BidSignature.Sign(manifest, authority.Issue(), at: Now));
        folder.Write("roots.pem", Encoding.ASCII.GetBytes(authority.Root.ExportCertificatePem()));
        var command = $"cms -verify -binary -inform DER -in bid.p7s -content manifest.json -CAfile roots.pem -purpose any -out verified.json -attime {Now.ToUnixTimeSeconds()}";
        Assert.Equal(0, await folder.OpensslAsync(command));
        folder.Write("manifest.json", [.. manifest.Canonical(), (byte)' ']);
        Assert.NotEqual(0, await folder.OpensslAsync(command));
    }

    [Fact]
    public async Task What_openssl_signed_is_verified_here()
    {
        using var folder = new OpensslFolder();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var manifest = await Manifest();
        folder.Write("manifest.json", manifest.Canonical());
        folder.Write("bidder.pem", Encoding.ASCII.GetBytes(authority.Issue(key).ExportCertificatePem() + "\n" + key.ExportPkcs8PrivateKeyPem()));
        Assert.Equal(0, await folder.OpensslAsync("cms -sign -binary -md sha256 -in manifest.json -signer bidder.pem -outform DER -out bid.p7s"));
        Assert.Equal(SignatureVerdict.Good, Verify(manifest, folder.Read("bid.p7s")).Verdict);
    }

    private static byte[] Cms(byte[] content, bool detached, string digest, params X509Certificate2[] signers)
    {
        var cms = new SignedCms(new ContentInfo(content), detached);
        foreach (var certificate in signers)
        {
            var signer = new CmsSigner(SubjectIdentifierType.IssuerAndSerialNumber, certificate) { DigestAlgorithm = new Oid(digest), IncludeOption = X509IncludeOption.EndCertOnly };
            signer.SignedAttributes.Add(new Pkcs9SigningTime(Now.UtcDateTime));
            cms.ComputeSignature(signer, silent: true);
        }

        return cms.Encode();
    }

    private static async Task<BidManifest> Manifest() => (await new BidFixture().SealAsync()).Manifest;

    private SignatureCheck Verify(BidManifest manifest, byte[] cms) => BidSignature.Verify(manifest, cms, [authority.Root], Now);
}
