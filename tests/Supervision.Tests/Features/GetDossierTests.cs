using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Tendering.Contracts;
using Tendering.Protocols;
using Tendering.Testing;
using static Tendering.Supervision.Tests.SupervisionHost;

namespace Tendering.Supervision.Tests.Features;

public class GetDossierTests(SupervisionHost host) : IClassFixture<SupervisionHost>
{
    private static string[] Strings(JsonElement array) => [.. array.EnumerateArray().Select(e => e.GetString()!)];

    [Fact]
    public async Task A_dossier_can_be_checked_line_by_line_without_the_platform()
    {
        var (source, tender, organisation) = (host.NewSource(), Guid.CreateVersion7(), Guid.CreateVersion7());
        await host.SendAsync(
            Event("identity", 1) with { Type = "identity.certificate-issued", Payload = $$"""{"organisationId":"{{organisation}}","certificatePem":"-"}""" },
            Event("identity", 2) with { Type = "identity.certificate-issued", Payload = $$"""{"organisationId":"{{Guid.CreateVersion7()}}"}""" });
        await host.SendAsync(Enumerable.Range(1, 60).Select(n => Event(source, n, n % 2 == 0 ? tender : Guid.CreateVersion7(), opinion: n == 2 ? new string('长', 40_000) : "fine") with
        {
            OrganisationId = organisation, SecretUntil = n % 3 == 0 ? "never" : null, Salt = n % 6 == 0 ? SHA256.HashData(BitConverter.GetBytes(n)) : null,
        }));
        await host.RecordedAsync(source, 60);
        await host.LoggedAsync();

        var text = await host.Supervisor.GetStringAsync($"/api/supervision/tenders/{tender}/dossier");
        var lines = text.TrimEnd('\n').Split('\n');
        Assert.All(lines, l => Assert.Equal(l, Encoding.UTF8.GetString(CanonicalJson.Canonicalize(Encoding.UTF8.GetBytes(l)))));
        var header = JsonDocument.Parse(lines[0]).RootElement;
        var checkpoint = Checkpoint.Open(SignedNote.Parse(header.GetProperty("checkpoint").GetString()!), await host.KeyAsync());
        var events = lines[1..^1].Select(l => JsonDocument.Parse(l).RootElement).ToArray();
        Assert.Equal(header.GetProperty("events").GetInt32(), events.Length);
        Assert.Equal(31, events.Count(e => !e.GetProperty("face").GetString()!.Contains("key-published", StringComparison.Ordinal)));
        Assert.All(events, e => AssertProven(e, checkpoint));
        Assert.Equal(events.Select(e => e.GetProperty("hidden").GetProperty("index").GetInt64()).Order(), events.Select(e => e.GetProperty("hidden").GetProperty("index").GetInt64()));

        var signed = SignedNote.Parse(JsonDocument.Parse(lines[^1]).RootElement.GetProperty("note").GetString()!);
        Assert.True(signed.Check(await host.KeyAsync()).IsBy(await host.KeyAsync()));
        Assert.Equal($"tendering-dossier/1\n{tender}\n{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', lines[..^1]) + "\n")))}\n", signed.Text);
    }

    [Fact]
    public async Task Certificates_and_the_platform_s_keys_are_in_it_though_the_search_is_behind()
    {
        var (source, tender, organisation) = (host.NewSource(), Guid.CreateVersion7(), Guid.CreateVersion7());
        await using var connection = new Npgsql.NpgsqlConnection(host.ConnectionString + ";Pooling=false");
        await connection.OpenAsync();
        await using (var hold = new Npgsql.NpgsqlCommand("select pg_advisory_lock(727001, 9)", connection)) await hold.ExecuteNonQueryAsync();
        string[] keys = ["bidding.receipt-key-published", "bid-opening.coefficient-key-published", "expert-selection.vrf-key-published"];
        await host.SendAsync(
            [.. keys.Select((type, i) => Event(source, i + 1) with { Type = type }),
            Event(source, 4) with { Type = "identity.certificate-issued", Payload = $$"""{"organisationId":"{{organisation}}","certificatePem":"-"}""" },
            Event(source, 5) with { Type = "identity.certificate-issued", Payload = $$"""{"organisationId":"{{Guid.CreateVersion7()}}"}""" },
            Event(source, 6, tender) with { OrganisationId = organisation }]);
        await host.RecordedAsync(source, 6);
        await host.LoggedAsync();
        Assert.True(await host.ScalarAsync<bool>("select coalesce(max(index), 0) < (select max(index) from event) from search"));
        var behind = await SequencesAsync(tender);
        Assert.Equal([1, 2, 3, 4, 6], behind.Where(n => n.Source == source).Select(n => n.Sequence));
        await using (var release = new Npgsql.NpgsqlCommand("select pg_advisory_unlock_all()", connection)) await release.ExecuteNonQueryAsync();
        var last = (await host.RecordedAsync(source)).Max(e => e.Index);
        await ServiceFixture.EventuallyAsync(() => host.ScalarAsync<bool>($"select coalesce(max(index), 0) >= {last} from search"), "the index");
        Assert.Equal(behind, await SequencesAsync(tender));
    }

    private async Task<(string Source, long Sequence)[]> SequencesAsync(Guid tender) =>
    [
        .. (await host.Supervisor.GetStringAsync($"/api/supervision/tenders/{tender}/dossier")).Split('\n').Where(l => l.Contains("\"kind\":\"event\"", StringComparison.Ordinal)).Select(l => JsonDocument.Parse(l).RootElement)
            .Select(e => (JsonDocument.Parse(e.GetProperty("face").GetString()!).RootElement.GetProperty("source").GetString()!, e.GetProperty("hidden").GetProperty("sequence").GetInt64())),
    ];

    private static void AssertProven(JsonElement line, Checkpoint checkpoint)
    {
        var face = line.GetProperty("face").GetString()!;
        var read = JsonDocument.Parse(face).RootElement;
        var hidden = CanonicalJson.Canonicalize(Encoding.UTF8.GetBytes(line.GetProperty("hidden").GetRawText()));
        Assert.Equal(read.GetProperty("hidden").GetString(), Convert.ToHexStringLower(SHA256.HashData([.. Convert.FromHexString(line.GetProperty("hiddenSalt").GetString()!), .. hidden])));
        if (read.TryGetProperty("payloadHash", out var hash)) Assert.Equal(hash.GetString(), Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(line.GetProperty("payload").GetString()!))));
        var entry = Encoding.UTF8.GetBytes(face);
        if (line.GetProperty("secret") is { ValueKind: JsonValueKind.Object } secret)
            entry = SecretTree.Entry(SecretTree.Climb(secret.GetProperty("position").GetUInt32(), SecretTree.Item(Convert.FromHexString(secret.GetProperty("salt").GetString()!), entry), [.. Strings(secret.GetProperty("path")).Select(Convert.FromHexString)]));
        Assert.True(MerkleTree.VerifyInclusion(line.GetProperty("leaf").GetInt64(), checkpoint.Size, MerkleTree.LeafHash(entry), [.. Strings(line.GetProperty("proof")).Select(Convert.FromHexString)], checkpoint.Root));
    }

    [Fact]
    public async Task Only_supervisors_get_one_and_of_an_unknown_tender_there_is_none()
    {
        var path = $"/api/supervision/tenders/{Guid.CreateVersion7()}/dossier";
        await host.LoggedAsync();
        Assert.Equal(HttpStatusCode.NotFound, (await host.Supervisor.GetAsync(path)).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.Public().GetAsync(path)).StatusCode);
        foreach (var role in Roles.All.Except([Roles.Supervisor])) Assert.Equal(HttpStatusCode.Forbidden, (await host.As(role).GetAsync(path)).StatusCode);
    }
}
