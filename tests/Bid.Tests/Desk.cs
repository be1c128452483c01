using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Tendering.Protocols;

namespace Tendering.Bid.Tests;

/// <summary>How a run ended.</summary>
internal sealed record Ended(int Code, string Output, string Errors)
{
    public JsonElement Result => JsonDocument.Parse(Code == 0 ? Output : Errors).RootElement;
    public string? Error => Result.GetProperty("error").GetProperty("code").GetString();
}

/// <summary>A bidder's machine without a network: a folder, an environment, and the program.</summary>
internal sealed class Desk : IDisposable
{
    public const string Passphrase = "a passphrase of the tests";

    // Made once: 600,000 rounds take their time.
    private static readonly Lazy<Task<(string Signing, string Request, string Recovery)>> Keys = new(MakeKeysAsync);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("tendering-desk");

    public Dictionary<string, string> Variables { get; } = new() { [Secrets.Passphrase] = Passphrase };
    public Guid Tender { get; } = Guid.CreateVersion7();
    public Guid Lot { get; } = Guid.CreateVersion7();
    public Guid Bidder { get; } = Guid.CreateVersion7();
    public CustodianKey[] Custodians { get; } = [CustodianKey.Generate(), CustodianKey.Generate(), CustodianKey.Generate()];

    public string At(string name) => Path.Combine(_folder.FullName, name);

    public async Task<Ended> RunAsync(string[] args, string input = "")
    {
        await using StringWriter output = new(), errors = new();
        var code = await BidProgram.RunAsync(args, new Surroundings(new StringReader(input), output, errors, Variables.GetValueOrDefault, IsInteractive: false), TestContext.Current.CancellationToken);
        return new Ended(code, output.ToString(), errors.ToString());
    }

    /// <summary>Keys, a certificate from an authority that is made here, the notice, a price and some files.</summary>
    public async Task PrepareAsync()
    {
        var keys = await Keys.Value;
        await File.WriteAllTextAsync(At("signing.json"), keys.Signing);
        await File.WriteAllTextAsync(At("recovery.json"), keys.Recovery);
        await File.WriteAllTextAsync(At("certificate.pem"), Issue(keys.Request));
        await WriteNoticeAsync(Custodians.Select(c => (string?)c.PublicKey));
        await WritePriceAsync("""{"price":2750000000,"currency":"CNY","deliveryDays":180,"projectManager":"王工"}""");
        Directory.CreateDirectory(At("files/图纸"));
        await File.WriteAllTextAsync(At("files/说明.txt"), "Technical proposal.");
        await File.WriteAllBytesAsync(At("files/图纸/a.dwg"), new byte[70_000]);
    }

    public Task WritePriceAsync(string json) => File.WriteAllTextAsync(At("price.json"), json);

    public Task WriteNoticeAsync(IEnumerable<string?> keys) => File.WriteAllTextAsync(At("notice.json"), JsonSerializer.Serialize(new
    {
        tenderId = Tender, number = "T-1", title = "Road", currency = "CNY", threshold = 2, somethingElse = true,
        custodians = keys.Select((key, i) => new { index = i + 1, organisationId = Guid.CreateVersion7(), organisationName = $"Custodian {i + 1}", publicKey = key }),
        lots = new[] { new { lotId = Lot, number = 1, title = "Lot", bidDeadline = DateTimeOffset.UnixEpoch } },
    }));

    public Task<Ended> SealAsync(string files = "files", string package = "bid", string price = "price.json", string input = "", string certificate = "certificate.pem", Guid? lot = null) => RunAsync(
        ["seal", "--json", "--notice", At("notice.json"), "--lot", (lot ?? Lot).ToString(), "--bidder", Bidder.ToString(), "--price", price == "-" ? "-" : At(price), "--files", At(files),
            "--recovery-key", At("recovery.json"), "--signing-key", At("signing.json"), "--certificate", At(certificate), "--out", At(package)], input);

    private static async Task<(string Signing, string Request, string Recovery)> MakeKeysAsync()
    {
        using var desk = new Desk();
        Assert.Equal(0, (await desk.RunAsync(["keys", "signing", "--out", desk.At("signing.json"), "--request", desk.At("request.pem")])).Code);
        Assert.Equal(0, (await desk.RunAsync(["keys", "recovery", "--out", desk.At("recovery.json")])).Code);
        return (await File.ReadAllTextAsync(desk.At("signing.json")), await File.ReadAllTextAsync(desk.At("request.pem")), await File.ReadAllTextAsync(desk.At("recovery.json")));
    }

    public static string Issue(string requestPem)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = CertificateRequest.LoadSigningRequestPem(requestPem, HashAlgorithmName.SHA256);
        using var certificate = request.Create(new X500DistinguishedName("CN=Test CA"), X509SignatureGenerator.CreateForECDsa(key), DateTimeOffset.UnixEpoch.AddYears(50), DateTimeOffset.UnixEpoch.AddYears(90), [1, 2, 3]);
        return certificate.ExportCertificatePem();
    }

    public void Dispose()
    {
        _folder.Delete(recursive: true);
        foreach (var key in Custodians) key.Dispose();
    }
}
