using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;
using Tendering.Protocols;
using Tendering.Supervision.Data;
using Tendering.Supervision.Domain;
using Tendering.Supervision.Features;
using Tendering.Testing;
using static Tendering.Supervision.Tests.SupervisionHost;

namespace Tendering.Supervision.Tests.Features;

public class SequenceEventsTests(SupervisionHost host) : IClassFixture<SupervisionHost>
{
    private static JsonElement[] EventsOf(IEnumerable<string> entries, string source) =>
        [.. entries.Select(e => JsonDocument.Parse(e).RootElement).Where(e => e.GetProperty("kind").GetString() == "event" && e.GetProperty("source").GetString() == source)];

    [Fact]
    public async Task Every_public_event_is_an_entry_in_order_and_the_root_is_theirs()
    {
        var (source, tender) = (host.NewSource(), Guid.CreateVersion7());
        await host.SendAsync(Enumerable.Range(1, 700).Select(n => Event(source, n, tender, opinion: $"第{n}号 \"意见\" \u0007")));
        var recorded = await host.RecordedAsync(source, 700);
        await host.LoggedAsync();
        var entries = await host.EntriesAsync();
        var events = EventsOf(entries, source);
        Assert.Equal(recorded.Select(r => r.Id), events.Select(e => e.GetProperty("id").GetGuid()));
        Assert.All(entries, e => Assert.Equal(e, Encoding.UTF8.GetString(CanonicalJson.Canonicalize(Encoding.UTF8.GetBytes(e)))));
        Assert.Equal("第5号 \"意见\" \u0007", events[4].GetProperty("payload").GetProperty("opinion").GetString());
        Assert.Equal((tender, "supervisor", "2026-03-02T01:00:00.000000Z"), (events[4].GetProperty("tender").GetGuid(), events[4].GetProperty("role").GetString(), events[4].GetProperty("time").GetString()));
        // Neither the caller's address nor the number in the stream can be read.
        Assert.DoesNotContain(entries, e => e.Contains("10.0.0.1", StringComparison.Ordinal) || e.Contains("sequence", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_log_grows_in_step_whether_anything_happens_or_not_and_stays_consistent()
    {
        var before = await host.LoggedAsync();
        await ServiceFixture.EventuallyAsync(async () => (await host.CheckpointAsync())!.Size >= before.Size + 3);
        var after = (await host.CheckpointAsync())!;
        using var client = host.Public();
        var proof = (await client.GetFromJsonAsync<GetLogProofs.Consistency>($"/api/supervision/log/consistency?from={before.Size}&to={after.Size}"))!;
        Assert.True(MerkleTree.VerifyConsistency(before.Size, after.Size, before.Root, after.Root, [.. proof.Proof.Select(Convert.FromHexString)]));
        var included = (await client.GetFromJsonAsync<GetLogProofs.Inclusion>($"/api/supervision/log/inclusion?index={before.Size}&size={after.Size}"))!;
        Assert.True(MerkleTree.VerifyInclusion(before.Size, after.Size, Convert.FromHexString(included.LeafHash), [.. included.Proof.Select(Convert.FromHexString)], after.Root));
    }

    [Fact]
    public async Task A_public_event_asks_for_a_turn_and_a_secret_one_does_not()
    {
        await using var other = new SupervisionHost();
        await other.InitializeAsync();
        var source = other.NewSource();
        await other.SendAsync(Event(source, 1));
        await other.RecordedAsync(source, 1);
        await other.LoggedAsync();
        var log = other.Services.GetRequiredService<AuditLog>();
        await using var connection = await log.Database.OpenConnectionAsync();
        var sequencer = await Sequencer.ResumeAsync(connection, log.Database, await log.SignerAsync(default), publish: true, default);
        await other.SendAsync(Enumerable.Range(2, 50).Select(n => Event(source, n) with { SecretUntil = "opening", Salt = new byte[32] }));
        await other.RecordedAsync(source, 51);
        Assert.False(await sequencer.IsAskedForAsync(default));
        await other.SendAsync(Event(source, 52));
        await other.RecordedAsync(source, 52);
        Assert.True(await sequencer.IsAskedForAsync(default));
        // And the turn that comes by itself takes the secret ones too.
        await other.LoggedAsync();
    }

    [Fact]
    public async Task Before_the_first_turn_there_is_no_checkpoint()
    {
        await using var other = new SupervisionHost();
        await other.InitializeAsync();
        foreach (var sequencer in other.Services.GetServices<IHostedService>().OfType<SequenceEvents>()) await sequencer.StopAsync(default);
        await other.ForgeAsync("delete from log_head");
        using var client = other.Public();
        foreach (var path in new[] { "/log/checkpoint", "/api/supervision/log/inclusion?index=0&size=1", $"/api/supervision/log/events/{Guid.NewGuid()}/proof" })
            Assert.Equal(HttpStatusCode.NotFound, (await client.GetAsync(path)).StatusCode);
    }

    [Fact]
    public async Task Tiles_are_for_ever_and_bundles_are_compressed_for_who_can_read_it()
    {
        var source = host.NewSource();
        await host.SendAsync(Enumerable.Range(1, 300).Select(n => Event(source, n)));
        await host.RecordedAsync(source, 300);
        var checkpoint = await host.LoggedAsync();
        using var client = host.Public();
        foreach (var tile in TileId.Between(0, checkpoint.Size))
        {
            var response = await client.GetAsync("/log/" + tile.Path);
            Assert.Equal((HttpStatusCode.OK, tile.Width * 32L), (response.StatusCode, response.Content.Headers.ContentLength!.Value));
            Assert.Contains("immutable", response.Headers.CacheControl!.ToString(), StringComparison.Ordinal);
        }
        var request = new HttpRequestMessage(HttpMethod.Get, "/log/tile/entries/000") { Headers = { AcceptEncoding = { new StringWithQualityHeaderValue("gzip") } } };
        Assert.Equal("gzip", (await client.SendAsync(request)).Content.Headers.ContentEncoding.Single());
        foreach (var missing in new[] { "/log/tile/0/x999/999", "/log/tile/64/000", "/log/tile/0/000.p/0", "/log/tile/entries/1", "/log/tile/0", "/log/tile/0/000.p/256" })
        {
            var response = await client.GetAsync(missing);
            Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
            Assert.DoesNotContain("immutable", response.Headers.CacheControl?.ToString() ?? "", StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("/api/supervision/log/inclusion")]
    [InlineData("/api/supervision/log/inclusion?index=-1&size=1")]
    [InlineData("/api/supervision/log/consistency?from=2&to=1")]
    public async Task Nonsense_is_malformed(string path) => Assert.Equal(HttpStatusCode.BadRequest, (await host.Public().GetAsync(path)).StatusCode);

    [Fact]
    public async Task A_payload_that_is_too_long_or_no_JSON_is_bound_too()
    {
        var source = host.NewSource();
        var digits = """{"score":0.12345678901234567890123}""";
        await host.SendAsync(Event(source, 1, opinion: new string('长', 40_000)), Event(source, 2) with { Payload = "no JSON" }, Event(source, 3) with { Payload = digits });
        var recorded = await host.RecordedAsync(source, 3);
        await host.LoggedAsync();
        var events = EventsOf(await host.EntriesAsync(), source);
        Assert.Equal(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(recorded[0].Payload))), events[0].GetProperty("payloadHash").GetString());
        Assert.Equal(("no JSON", digits), (events[1].GetProperty("payload").GetString(), events[2].GetProperty("payload").GetString()));
        using var client = host.Public();
        Assert.Equal(recorded[0].Payload, (await client.GetFromJsonAsync<GetPublicEvent.Response>($"/api/supervision/log/events/{recorded[0].Id}"))!.Payload);
    }

    [Fact]
    public async Task What_is_hidden_in_a_face_is_what_the_record_holds()
    {
        var source = host.NewSource();
        await host.SendAsync(Event(source, 1));
        var e = (await host.RecordedAsync(source, 1)).Single();
        await host.LoggedAsync();
        var face = EventsOf(await host.EntriesAsync(), source).Single();
        var turn = (await host.Services.GetRequiredService<AuditLog>().TurnOfAsync(e.Index, default))!;
        var hidden = CanonicalJson.Serialize(HiddenPart.Of(e));
        Assert.Equal(face.GetProperty("hidden").GetString(), Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData([.. EventFace.HiddenSalt(turn.Seed, e.Id), .. hidden])));
    }

    [Fact]
    public async Task The_log_goes_on_where_it_stood_when_its_connection_is_lost()
    {
        var source = host.NewSource();
        await host.SendAsync(Enumerable.Range(1, 50).Select(n => Event(source, n)));
        await host.RecordedAsync(source, 50);
        var before = await host.LoggedAsync();
        await using (var server = new NpgsqlConnection(Servers.Postgres))
        {
            await server.OpenAsync();
            await using var kill = new NpgsqlCommand("select count(pg_terminate_backend(pid)) from pg_stat_activity where usename = @role", server) { Parameters = { new("role", new NpgsqlConnectionStringBuilder(host.ConnectionString).Username!) } };
            await kill.ExecuteNonQueryAsync();
        }
        await host.SendAsync(Enumerable.Range(51, 50).Select(n => Event(source, n)));
        await host.RecordedAsync(source, 100);
        var after = await host.LoggedAsync();
        Assert.True(after.Size > before.Size);
        Assert.Equal(100, EventsOf(await host.EntriesAsync(), source).Length);
        Assert.Equal(before.Root, MerkleTree.Root([.. (await host.EntriesAsync()).Take((int)before.Size).Select(e => MerkleTree.LeafHash(Encoding.UTF8.GetBytes(e)))]));
    }

    [Theory]
    [InlineData("log_turn")]
    [InlineData("log_entries")]
    [InlineData("log_tile")]
    public async Task The_log_cannot_be_changed_by_its_own_service(string table)
    {
        await using var connection = new NpgsqlConnection(host.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand($"delete from {table}", connection);
        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, (await Assert.ThrowsAsync<PostgresException>(() => command.ExecuteNonQueryAsync())).SqlState);
    }
}
