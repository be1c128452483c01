using System.IO.Compression;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Tendering.Contracts.Identity;
using Tendering.Contracts.Tenders;
using Tendering.Protocols;

namespace Tendering.Testing;

/// <summary>A throw-away certificate authority.</summary>
public sealed class TestAuthority
{
    public static readonly DateTimeOffset NotBefore = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero), NotAfter = new(2027, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly X509Certificate2 _root;

    public TestAuthority(string name = "CN=Test CA")
    {
        var request = new CertificateRequest(name, ECDsa.Create(ECCurve.NamedCurves.nistP256), HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        _root = request.CreateSelfSigned(NotBefore, NotAfter);
    }

    public string Pem => _root.ExportCertificatePem();

    /// <summary>The authority's revocation list with these certificates on it, DER.</summary>
    public byte[] ListOf(params X509Certificate2[] revoked)
    {
        var list = new CertificateRevocationListBuilder();
        foreach (var certificate in revoked) list.AddEntry(certificate);
        return list.Build(_root, 1, NotAfter, HashAlgorithmName.SHA256);
    }

    public X509Certificate2 Issue(string name, DateTimeOffset? notAfter = null)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        using var issued = request.Create(_root, NotBefore, notAfter ?? NotAfter, [1, .. RandomNumberGenerator.GetBytes(10)]);
        return issued.CopyWithPrivateKey(key);
    }
}

/// <summary>An enterprise with a signing certificate and a recovery key.</summary>
public sealed class TestBidder(TestAuthority authority, string name)
{
    private static int _made;

    public Guid Id { get; } = Guid.CreateVersion7();
    public string Name { get; } = name;
    public string Code { get; } = $"91330106TEST{Interlocked.Increment(ref _made):D6}";
    public X509Certificate2 Certificate { get; } = authority.Issue(name);
    public CustodianKey Recovery { get; } = CustodianKey.Generate();

    public OrganisationRegistered Registered => new(Id, Code, Name, "bidder", TestAuthority.NotBefore);
    public CertificateIssued Issued => new(Id, Certificate.SerialNumber, Certificate.ExportCertificatePem(), authority.Pem, TestAuthority.NotBefore, TestAuthority.NotAfter);
}

/// <summary>A tender of one lot with its custodians' keys.</summary>
public sealed class TestLot
{
    public Guid TenderId { get; } = Guid.CreateVersion7();
    public Guid LotId { get; } = Guid.CreateVersion7();
    public CustodianKey[] Custodians { get; init; } = [CustodianKey.Generate(), CustodianKey.Generate(), CustodianKey.Generate()];
    public Guid AgencyId { get; } = Guid.CreateVersion7();
    public PublishedCoefficient[]? Coefficients { get; init; }
    public Guid[] CustodianIds { get; } = [Guid.CreateVersion7(), Guid.CreateVersion7(), Guid.CreateVersion7()];
    public int Threshold { get; init; } = 2;
    public int OpeningMinutes { get; init; } = 60;
    public string RuleSet { get; init; } = "cn-tendering";
    public required DateTimeOffset Deadline { get; init; }

    public TenderPublished Notice => new(
        TenderId, "T-2026-1", "School <building>", RuleSet, AgencyId, "Agency", CustodianIds[0], "City school board", "CNY", Deadline.AddDays(-20), new string('0', 64), Threshold,
        [.. Custodians.Select((key, i) => new PublishedCustodian(i + 1, CustodianIds[i], $"Custodian {i + 1}", key.PublicKey))],
        [new PublishedLot(LotId, 1, "Works", 900_000_00, null, 10_000_00, Deadline, Deadline, OpeningMinutes, "lowest-evaluated-price", "works", 5, 3, Coefficients)]);

    public SealingRequest Request(TestBidder bidder, int revision = 1) =>
        new(TenderId, LotId, bidder.Id, revision, [.. Custodians.Select(c => c.PublicKey)], Threshold, bidder.Recovery.PublicKey);

    public OpeningSchedule Schedule(TestBidder bidder, long price, int revision = 1) => new(OpeningSchedule.VersionOne, TenderId, LotId, bidder.Id, revision, price, "CNY", 90, "Li Lei", null);

    public Task<TestBid> SealAsync(TestBidder bidder, long price = 800_000_00, int revision = 1, byte[]? files = null) =>
        SealAsync(bidder, Schedule(bidder, price, revision).Canonical(), revision, files);

    public async Task<TestBid> SealAsync(TestBidder bidder, byte[] price, int revision = 1, byte[]? files = null)
    {
        var bid = await BidSealer.SealAsync(Request(bidder, revision), price, files ?? TestArchive.Of(("drawings.txt", Encoding.UTF8.GetBytes("the drawings"))));
        return TestBid.Sign(bidder, bid.Manifest, bid.Price, bid.Files);
    }
}

/// <summary>ZIPs, fit or not.</summary>
public static class TestArchive
{
    /// <summary>Files as they are named, stored or as small as they get.</summary>
    public static byte[] Of(params (string Name, byte[] Content)[] files)
    {
        using var packed = new MemoryStream();
        using (var zip = new ZipArchive(packed, ZipArchiveMode.Create, leaveOpen: true))
            foreach (var (name, content) in files)
            {
                using var file = zip.CreateEntry(name, content.Length > 1_000_000 && content[0] == content[^1] ? CompressionLevel.SmallestSize : CompressionLevel.NoCompression).Open();
                file.Write(content);
            }
        return packed.ToArray();
    }
}

/// <summary>A sealed and signed bid, as a bidder's device holds it.</summary>
public sealed record TestBid(TestBidder Bidder, BidManifest Manifest, string Text, string Signature, byte[] Price, byte[] Files)
{
    public static TestBid Sign(TestBidder bidder, BidManifest manifest, byte[] price, byte[] files) => new(
        bidder, manifest, Encoding.UTF8.GetString(manifest.Canonical()), Convert.ToBase64String(BidSignature.Sign(manifest, bidder.Certificate, at: TestAuthority.NotBefore.AddDays(30))), price, files);
}
