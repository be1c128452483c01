using System.Text.Json;

namespace Tendering.Scenarios;

/// <summary>What a whole system writes down of a tender, strangers can check from one file.</summary>
[Collection(nameof(LocalSystem))]
public sealed class DossierTests(LocalSystem system) : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("tendering-dossier-");

    public void Dispose() => _folder.Delete(true);

    private sealed record Noticed(Guid TenderId);

    private sealed record Keys(string Key);

    [Fact]
    public async Task The_dossier_of_a_tender_that_was_played_is_good_by_itself_and_so_is_the_log()
    {
        var ct = TestContext.Current.CancellationToken;
        var (code, output) = await LocalSystem.ReplayAsync("demo");
        Assert.True(code == 0, output);
        using var market = await system.EnterMarketAsync();
        var tender = (await market.Public.GetAsync<Noticed[]>("/api/tenders/notices", ct))[0].TenderId;
        var key = (await market.Public.GetAsync<Keys>("/api/supervision/log/keys", ct)).Key;
        // What happened last must have come into the published log.
        var dossier = await market.Supervisor.GetBytesAsync($"/api/supervision/tenders/{tender}/dossier", ct);
        await Testing.ServiceFixture.EventuallyAsync(async () => Holds(dossier = await market.Supervisor.GetBytesAsync($"/api/supervision/tenders/{tender}/dossier", ct), "tenders.contract-signed"), "the contract in the dossier");
        await File.WriteAllBytesAsync(PathOf("dossier"), dossier, ct);
        await File.WriteAllTextAsync(PathOf("roots.pem"), string.Join('\n', IssuersIn(dossier)), ct);

        string[] authority = system.Has("Log__TimestampAuthority") ? ["--timestamp-roots", Path.Combine(LocalSystem.RunFolder, "timestamp-authority", "ca.pem")] : [];
        (code, output) = await VerifyAsync(["tender", PathOf("dossier"), "--log-key", key, "--bid-roots", PathOf("roots.pem"), "--log", $"{system.Gateway}log", .. authority]);
        Assert.True(code == 0, output);
        foreach (var checkedCode in new[] { "tender.documents", "tender.notice", "opening.prices", "opening.confirmation", "opening.objections", "draw.vrf-key", "draw.checkpoint", "evaluation.opening", "tender.committee", "dossier.missing" })
            Assert.Contains($"[{checkedCode}]", output, StringComparison.Ordinal);
        (code, output) = await VerifyAsync(["log", $"{system.Gateway}log", "--log-key", key, "--state", PathOf("state"), .. authority]);
        Assert.True(code == 0 && (authority.Length == 0 || output.Contains("[timestamp.root]", StringComparison.Ordinal)), output);
    }

    private static Task<(int Code, string Output)> VerifyAsync(string[] arguments) => LocalSystem.ShellAsync(["deploy/local/with.sh", "Verify", .. arguments]);

    private static IEnumerable<JsonElement> FacesIn(byte[] dossier) => System.Text.Encoding.UTF8.GetString(dossier).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)
        .Where(line => line.GetProperty("kind").GetString() == "event").Select(line => JsonDocument.Parse(line.GetProperty("face").GetString()!).RootElement);

    private static bool Holds(byte[] dossier, string type) => FacesIn(dossier).Any(face => face.GetProperty("type").GetString() == type);

    private static IEnumerable<string> IssuersIn(byte[] dossier) => FacesIn(dossier).Where(face => face.GetProperty("type").GetString() == "identity.certificate-issued").Select(face => face.GetProperty("payload").GetProperty("issuerPem").GetString()!).Distinct();

    private string PathOf(string name) => Path.Combine(_folder.FullName, name);
}
