using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;

namespace Tendering.Protocols.Tests;

/// <summary>The browser's package (gateway/clients/sealing-js), run by node, and this library: what one seals the other opens, byte for byte.</summary>
public sealed class BrowserSealingTests : IDisposable
{
    private const string Passphrase = "a passphrase 口令";

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("tendering-browser");
    private readonly BidFixture fixture = new();
    private readonly TestAuthority authority = new();

    [Theory]
    [InlineData(0)]
    [InlineData(65_536)]
    [InlineData(5_000_001)]
    public async Task What_the_browser_seals_is_opened_here(int length)
    {
        var files = Randomness.Seeded().Bytes(length);
        using var key = SigningKey.Generate();
        using var certificate = CertificateFor(key);
        Write("request.json", JsonSerializer.SerializeToUtf8Bytes(RequestOf(fixture.Request)));
        Write("price.plain", fixture.Schedule.Canonical());
        Write("files.plain", files);
        Write("signing.json", key.ExportProtected(Passphrase));
        Write("certificate.pem", certificate.ExportCertificatePem());
        await NodeAsync("seal");

        var manifest = BidManifest.Parse(Read("manifest.json"));
        Assert.Equal(Text("hash"), manifest.Hash());
        var check = BidSignature.Verify(manifest, Read("bid.p7s"), [authority.Root], TestAuthority.Now);
        Assert.Equal(SignatureVerdict.Good, check.Verdict);
        Assert.Equal("91350100M000100Y43", check.SubjectOrganisation);
        foreach (var part in SealedPart.All)
        {
            var cipher = Read($"{part}.sealed");
            Assert.True(await BidOpener.CiphertextMatchesAsync(manifest, part, new MemoryStream(cipher)));
            var plain = part == SealedPart.Price ? fixture.Schedule.Canonical() : files;
            Assert.Equal(plain, await BidOpener.OpenAsync(manifest, part, fixture.CekOf(manifest, part, 2, 3), cipher));
            Assert.Equal(plain, await BidOpener.OpenAsync(manifest, part, BidOpener.OpenRecoveryCopy(manifest, part, fixture.Recovery), cipher));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(65_535)]
    [InlineData(5_000_001)]
    public async Task What_is_sealed_here_the_browser_opens(int length)
    {
        var files = Randomness.Seeded().Bytes(length);
        var bid = await fixture.SealAsync(files);
        using var receiptKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var claims = new ReceiptClaims(Guid.CreateVersion7(), BidFixture.Tender, BidFixture.Lot, BidFixture.Bidder, 1, bid.Manifest.Hash(), TestAuthority.Now);
        Write("manifest.json", bid.Manifest.Canonical());
        Write("price.sealed", bid.Price);
        Write("files.sealed", bid.Files);
        Write("custodian-1.pem", fixture.Custodians[0].ExportPem());
        Write("custodian-3.pem", fixture.Custodians[2].ExportPem());
        Write("recovery.json", fixture.Recovery.ExportProtected(Passphrase));
        Write("receipt.jws", Receipt.Sign(claims, receiptKey, "k"));
        Write("receipt-key.json", JwkOf(receiptKey));
        await NodeAsync("open");

        Assert.Equal(bid.Manifest.Hash(), Text("hash"));
        foreach (var (part, plain) in new[] { (SealedPart.Price, fixture.Schedule.Canonical()), (SealedPart.Files, files) })
        {
            Assert.Equal(plain, Read($"{part}.shares-opened"));
            Assert.Equal(plain, Read($"{part}.recovery-opened"));
        }

        Assert.Equal(bid.Manifest.Hash(), JsonDocument.Parse(Text("receipt.json")).RootElement.GetProperty("manifestHash").GetString());
    }

    // The nonce is derived from key and question, so that both make the same bytes.
    [Fact]
    public async Task A_complaint_made_in_the_browser_is_the_one_that_is_made_here_and_each_judges_the_others()
    {
        var bid = await fixture.SealAsync([1, 2, 3]);
        var honest = bid.Manifest;
        var spoilt = honest.Price.SealedShares.ToArray();
        spoilt[0] = Base64UrlText.Encode(Hpke.Seal(fixture.Custodians[0].PublicKeyBytes, SealingContext.ShareInfo(honest.Tender, honest.Lot, honest.Bidder, honest.Revision, SealedPart.Price, 1), [], [1, .. new byte[32]]));
        spoilt[1] = Base64UrlText.Encode([0x04, .. new byte[64], .. Base64UrlText.Decode(spoilt[1])[65..]]);            // no point
        var manifest = honest with { Parts = [honest.Price with { SealedShares = spoilt }, honest.Files] };
        Write("manifest.json", manifest.Canonical());
        for (var i = 1; i <= 3; i++) Write($"custodian-{i}.pem", fixture.Custodians[i - 1].ExportPem());
        await NodeAsync("complain");

        var made = JsonSerializer.Deserialize<Complained[]>(Text("complaints.json"), JsonSerializerOptions.Web)!;
        Assert.Equal(6, made.Length);
        foreach (var one in made) Assert.Equal(ShareComplaint.Make(manifest, one.Part, one.Index, fixture.Custodians[one.Index - 1]), one.Complaint);
        Assert.Equal(["Upheld", "Upheld", "ShareIsGood", "ShareIsGood", "ShareIsGood", "ShareIsGood"], made.Select(m => ShareComplaint.Judge(manifest, m.Part, m.Index, m.Complaint).ToString()));
        Assert.Null(made[1].Complaint);

        // For the wrong custodian it proves nothing, in either place.
        Complained[] mixed = [.. made, made[0] with { Index = 3 }, made[2] with { Part = SealedPart.Files }];
        Write("complaints.json", JsonSerializer.SerializeToUtf8Bytes(mixed, JsonSerializerOptions.Web));
        await NodeAsync("judge");
        Assert.Equal(["upheld", "upheld", "share-is-good", "share-is-good", "share-is-good", "share-is-good", "proof-wrong", "proof-wrong"], JsonSerializer.Deserialize<string[]>(Text("verdicts.json"))!);
        Assert.Equal([ComplaintVerdict.ProofWrong, ComplaintVerdict.ProofWrong], mixed[6..].Select(m => ShareComplaint.Judge(manifest, m.Part, m.Index, m.Complaint)));
    }

    [Fact]
    public async Task Keys_made_in_the_browser_are_read_here()
    {
        await NodeAsync("keys");
        using var fromFile = CustodianKey.ImportProtected(Text("custodian.json"), Passphrase);
        using var fromPem = CustodianKey.ImportPem(Text("custodian.pem"));
        Assert.Equal(Text("custodian.pub"), fromFile.PublicKey);
        Assert.Equal(Text("custodian.pub"), fromPem.PublicKey);
        using var signing = SigningKey.ImportProtected(Text("signing.json"), Passphrase);

        // Loading checks the request's own signature.
        var request = CertificateRequest.LoadSigningRequestPem(Text("request.pem"), HashAlgorithmName.SHA256);
        Assert.Contains("某某建设有限公司", request.SubjectName.Name, StringComparison.Ordinal);
        using var requested = request.PublicKey.GetECDsaPublicKey()!;
        var q = requested.ExportParameters(false).Q;
        byte[] point = [0x04, .. q.X!, .. q.Y!];
        Assert.Equal(signing.PublicKey, Base64UrlText.Encode(point));
    }

    [Fact]
    public async Task An_archive_packed_in_the_browser_is_unpacked_here()
    {
        var content = Randomness.Seeded().Bytes(100_000);
        Write("a", content);
        await NodeAsync("archive");
        using var archive = new MemoryStream(Read("archive.zip"));
        var target = new DirectoryInfo(Path.Combine(folder.FullName, "unpacked"));
        var files = await BidArchive.UnpackAsync(archive, target);
        Assert.Equal([new ArchivedFile("技术方案/说明.txt", content.Length), new ArchivedFile("empty", 0)], files);
        Assert.Equal(content, await File.ReadAllBytesAsync(Path.Combine(target.FullName, "技术方案", "说明.txt")));
    }

    public void Dispose() => folder.Delete(recursive: true);

    private sealed record Complained(string Part, int Index, ShareComplaint? Complaint);

    private static object RequestOf(SealingRequest r) => new
    {
        tender = r.Tender, lot = r.Lot, bidder = r.Bidder, revision = r.Revision, custodianKeys = r.CustodianKeys, threshold = r.Threshold, recoveryKey = r.RecoveryPublicKey,
        at = TestAuthority.Now.ToString("O", CultureInfo.InvariantCulture),
    };

    private static byte[] JwkOf(ECDsa key)
    {
        var q = key.ExportParameters(false).Q;
        return JsonSerializer.SerializeToUtf8Bytes(new { kty = "EC", crv = "P-256", x = Base64UrlText.Encode(q.X!), y = Base64UrlText.Encode(q.Y!) });
    }

    private X509Certificate2 CertificateFor(SigningKey key)
    {
        var request = CertificateRequest.LoadSigningRequestPem(key.CertificateRequest("any"), HashAlgorithmName.SHA256);
        return authority.Issue(request.PublicKey);
    }

    private async Task NodeAsync(string what)
    {
        var package = PackageFolder();
        Assert.True(File.Exists(Path.Combine(package, "dist", "index.js")), $"The package is not built: npm ci && npm run build in {package}.");
        using var node = Process.Start(new ProcessStartInfo("node", [Path.Combine(package, "test", "interop.mjs"), what, folder.FullName]) { RedirectStandardError = true })!;
        var errors = await node.StandardError.ReadToEndAsync();
        await node.WaitForExitAsync();
        Assert.True(node.ExitCode == 0, errors);
    }

    private static string PackageFolder()
    {
        for (var above = new DirectoryInfo(AppContext.BaseDirectory); above is not null; above = above.Parent)
        {
            var package = Path.Combine(above.FullName, "gateway", "clients", "sealing-js");
            if (Directory.Exists(package))
            {
                return package;
            }
        }

        throw new DirectoryNotFoundException("The tests run from a checkout.");
    }

    private void Write(string name, byte[] bytes) => File.WriteAllBytes(Path.Combine(folder.FullName, name), bytes);

    private void Write(string name, string text) => Write(name, Encoding.UTF8.GetBytes(text));

    private byte[] Read(string name) => File.ReadAllBytes(Path.Combine(folder.FullName, name));

    private string Text(string name) => Encoding.UTF8.GetString(Read(name));
}
