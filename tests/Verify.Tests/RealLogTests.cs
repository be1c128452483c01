using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Tendering.Contracts;
using Tendering.Protocols;
using Tendering.Testing;
using Tendering.Witness;

namespace Tendering.Verify.Tests;

/// <summary>The verifier and a witness against supervision itself, as it is and as a thief leaves it.</summary>
public class RealLogTests
{
    private const int Cases = 40;

    [Fact]
    public async Task What_supervision_serves_is_good_online_as_an_export_as_a_dossier_and_for_a_receipt()
    {
        await using var real = new RealLog();
        await real.InitializeAsync();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var at = real.Clock.GetUtcNow();
        await real.SendAsync("tests", 1, 300);
        await real.SubmitAsync(HexText.Sha256([1]), at);

        var run = await real.VerifyLogAsync("--save", real.PathOf("export"));
        Assert.True(run.Exit == Report.ExitGood, run.Output + run.Errors);
        run = await Run.Of("log", real.PathOf("export"), "--log-key", await real.KeyAsync(), "--state", real.PathOf("other.json"));
        Assert.True(run.Exit == Report.ExitGood, run.Output);
        await real.SendAsync("tests", 301, 10);
        run = await real.VerifyLogAsync("--new-only");
        Assert.True(run.Exit == Report.ExitGood && run.Says("log.consistent"), run.Output);

        run = await real.VerifyTenderAsync();
        Assert.True(run.Exit == Report.ExitGood && run.Output.Contains("311 events hang together", StringComparison.Ordinal), run.Output);

        using var bidder = real.As(Roles.Bidder, real.Bidder);
        await File.WriteAllTextAsync(real.PathOf("p.tlog-proof"), await bidder.GetStringAsync($"/api/supervision/bids/{real.Bid}/proof", TestContext.Current.CancellationToken), TestContext.Current.CancellationToken);
        var lot = await real.ScalarAsync<string>("select payload::jsonb->>'lotId' from event where source = 'bidding'");
        await File.WriteAllTextAsync(real.PathOf("receipt"), Receipt.Sign(new ReceiptClaims(real.Bid, real.Tender, Guid.Parse(lot), real.Bidder, 1, HexText.Sha256([1]), at), key, "k"), TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(real.PathOf("receipt.pem"), key.ExportSubjectPublicKeyInfoPem(), TestContext.Current.CancellationToken);
        run = await Run.Of("receipt", real.PathOf("receipt"), real.PathOf("p.tlog-proof"), "--receipt-key", real.PathOf("receipt.pem"), "--log-key", await real.KeyAsync());
        Assert.True(run.Exit == Report.ExitGood, run.Output);

        // The key can also be had from the log, once it is published there.
        string[] receipt = ["receipt", real.PathOf("receipt"), real.PathOf("p.tlog-proof"), "--log", real.Place, "--log-key", await real.KeyAsync()];
        run = await Run.Of(receipt);
        Assert.True(run.Exit == Report.ExitIncomplete && run.Says("receipt.key"), run.Output);
        await real.PublishReceiptKeyAsync(key);
        run = await Run.Of(receipt);
        Assert.True(run.Exit == Report.ExitGood && run.Says("receipt.key") && run.Says("receipt.signature"), run.Output);
    }

    [Fact]
    public async Task Tokens_of_the_local_run_s_authority_are_checked_in_the_log_in_an_export_and_in_a_dossier()
    {
        var folder = Directory.CreateTempSubdirectory("tsa-").FullName;
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        await using var authority = TimestampAuthority.AuthorityHost.Build(builder, folder);
        await authority.StartAsync(TestContext.Current.CancellationToken);
        var address = authority.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        await using var real = new RealLog { Configure = c => c.AddInMemoryCollection([new("Log:TimestampAuthority", address), new("Log:TimestampEvery", "00:00:01")]) };
        await real.InitializeAsync();
        await ServiceFixture.EventuallyAsync(() => real.ScalarAsync<bool>("select exists (select 1 from log_timestamp)"), "a token");
        var before = await real.ScalarAsync<long>("select max(size) from log_timestamp");
        await real.SendAsync("tests", 1, 30);
        var covered = await real.ScalarAsync<long>("select size from log_head");
        await ServiceFixture.EventuallyAsync(() => real.ScalarAsync<bool>($"select count(*) > 1 from log_timestamp where size >= {covered}"), "tokens that cover what was sent");
        string[] roots = ["--timestamp-roots", Path.Combine(folder, "ca.pem")];
        foreach (var run in new[] { await real.VerifyLogAsync([.. roots, "--save", real.PathOf("export")]), await Run.Of(["log", real.PathOf("export"), "--state", real.PathOf("other"), "--log-key", await real.KeyAsync(), .. roots]) })
            Assert.True(run.Exit == Report.ExitGood && run.Says("timestamp") && run.Says("timestamp.root"), run.Output);
        Assert.True((await real.VerifyLogAsync()).Exit == Report.ExitIncomplete);
        await real.VerifyTenderAsync();
        var tender = await Run.Of(["tender", real.PathOf("dossier"), "--log-key", await real.KeyAsync(), .. roots]);
        Assert.True(tender.Exit == Report.ExitGood && tender.Says("timestamp") && tender.Says("timestamp.consistency"), tender.Output);
        // What was stamped before the tender began, and what was after it was covered, is not in its dossier.
        var sizes = (await File.ReadAllLinesAsync(real.PathOf("dossier"), TestContext.Current.CancellationToken)).Select(line => System.Text.Json.JsonDocument.Parse(line).RootElement).Where(line => line.GetProperty("kind").GetString() == "timestamp")
            .Select(line => Checkpoint.Parse(SignedNote.Parse(line.GetProperty("checkpoint").GetString()!).Text).Size).ToArray();
        Assert.True(sizes.Length > 0 && sizes[0] > before && sizes.Count(size => size >= covered) <= 1, string.Join(' ', sizes));
        await authority.StopAsync(TestContext.Current.CancellationToken);
        Directory.Delete(folder, true);
    }

    [Fact]
    public async Task Whatever_is_done_to_one_row_of_supervision_s_database_is_found()
    {
        var seed = Random.Shared.Next();
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var random = new Random(seed);
        await using var real = new RealLog();
        await real.InitializeAsync();
        await real.SendAsync("tests", 1, 300);
        await real.SendAsync("others", 1, 200);
        await real.FreezeAsync();
        Assert.Equal(Report.ExitGood, (await real.VerifyLogAsync()).Exit);
        Assert.DoesNotContain("BAD", (await real.VerifyTenderAsync()).Output, StringComparison.Ordinal);
        await real.BackUpAsync("before");
        for (var i = 0; i < Cases; i++)
        {
            var (table, sql) = await DeedAsync(real, random);
            var secrets = await real.ScalarAsync<long>("select count(*) from event where secret_until is not null");
            await real.ForgeAsync(sql);
            if (table == "event" && secrets > await real.ScalarAsync<long>("select count(*) from event where secret_until is not null"))
            {
                // Not even that there is a secret event is known to who has only the log: that one is gone, supervision's own check finds.
                Assert.NotNull(await real.OwnCheckAsync());
                await real.RestoreAsync("before");
                continue;
            }
            var (log, tender) = (await real.VerifyLogAsync(), await real.VerifyTenderAsync());
            // A file that can no longer be served leaves the check incomplete and is named.
            Assert.True(log.Exit != Report.ExitGood || tender.Exit == Report.ExitBad, $"seed {seed}, {table}: {sql}\n{log.Output}{tender.Output}");
            await real.RestoreAsync("before");
        }
        Assert.Equal(Report.ExitGood, (await real.VerifyLogAsync()).Exit);
        Assert.DoesNotContain("BAD", (await real.VerifyTenderAsync()).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_row_of_the_record_copied_to_its_end_stands_in_the_log_twice()
    {
        await using var real = new RealLog();
        await real.InitializeAsync();
        await real.SendAsync("tests", 1, 50);
        await real.ForgeAsync("insert into event select (select max(index) from event) + 1, source, sequence + 1000, id, type, version, tender_id, payload, secret_until, salt, person_id, organisation_id, role, address, occurred_at, trace_parent, hash from event where secret_until is null order by index limit 1");
        await ServiceFixture.EventuallyAsync(async () => await real.ScalarAsync<bool>("select events = (select max(index) from event) and published_size = size from log_head"), "the log to cover the copy");
        Assert.True((await real.VerifyLogAsync()).SaysBad("entries.repeated"));
    }

    [Fact]
    public async Task A_platform_rolled_back_to_yesterday_is_found_by_the_verifier_and_stopped_by_a_witness()
    {
        // The witness has to know the log's key and the log the witness's: the witness asks for it the first time that it is asked itself.
        var supervision = "";
        await using var relay = WebApplication.CreateSlimBuilder(["--urls=http://127.0.0.1:0"]).Build();
        relay.MapGet("/keys", async (HttpContext http) =>
        {
            using var client = new HttpClient();
            return TypedResults.Text(await client.GetStringAsync(supervision + "/api/supervision/log/keys", http.RequestAborted), "application/json");
        });
        await relay.StartAsync(TestContext.Current.CancellationToken);
        var folder = Directory.CreateTempSubdirectory("tendering-witness");
        await using var witness = WitnessHost.Build(["--urls=http://127.0.0.1:0"], c => c.AddInMemoryCollection([new("Witness:Name", "witness.test"), new("Witness:Folder", folder.FullName), new("Witness:Logs:0:KeyUrl", AddressOf(relay) + "/keys")]));
        await witness.StartAsync(TestContext.Current.CancellationToken);
        var key = witness.Services.GetRequiredService<Witnessing>().Key.ToString();

        await using var real = new RealLog { Configure = c => c.AddInMemoryCollection([new("Log:Witnesses:0:Url", AddressOf(witness)), new("Log:Witnesses:0:Key", key), new("Log:WitnessesNeeded", "1")]) };
        await real.InitializeAsync();
        supervision = real.Address;
        await real.SendAsync("tests", 1, 100);
        await real.FreezeAsync();
        await real.BackUpAsync("yesterday");
        await real.GoOnAsync();
        await real.SendAsync("tests", 101, 100);
        var run = await real.VerifyLogAsync("--witness-key", key);
        Assert.True(run.Exit == Report.ExitGood && run.Says("checkpoint.cosignature"), run.Output);

        await real.FreezeAsync();
        await real.RestoreAsync("yesterday");
        run = await real.VerifyLogAsync("--witness-key", key);
        Assert.True(run.SaysBad("log.rolled-back"), run.Output);

        // Another today is made; the witness, which remembers the first, does not cosign it, and nothing of it is published.
        var standing = await real.ScalarAsync<long>("select published_size from log_head");
        await real.ForgeAsync("update event set payload = replace(payload, 'fine', 'else') where index = 1");
        await real.GoOnAsync();
        await ServiceFixture.EventuallyAsync(async () => (await real.ScalarAsync<string>("select alarm from log_witness")) is { Length: > 0 }, "the alarm of a fork");
        Assert.Equal(standing, await real.ScalarAsync<long>("select published_size from log_head"));
        Assert.Equal(Report.ExitBad, (await real.VerifyLogAsync("--witness-key", key)).Exit);
        await real.FreezeAsync();
    }

    // One row somewhere, by its owner: changed, deleted, copied, put in, or two of them changed places.
    private static async Task<(string Table, string Sql)> DeedAsync(RealLog real, Random random)
    {
        var (table, keys, column) = random.Next(5) switch
        {
            0 => ("log_entries", new[] { "first" }, random.Next(2) == 0 ? "bundle" : "hashes"),
            1 => ("log_tile", ["level", "index", "width"], "hashes"),
            2 => ("log_turn", ["first_event"], "seed"),
            3 => ("log_head", [], "published"),
            _ => ("event", ["index"], random.Next(4) switch { 0 => "payload", 1 => "address", 2 => "role", _ => "occurred_at" }),
        };
        if (table == "log_head")
        {
            return (table, random.Next(3) switch
            {
                0 => "update log_head set published = replace(published, E'\\n\\n', E'x\\n\\n')",
                1 => "delete from log_head",
                _ => "update log_head set published_size = published_size - 1, published = regexp_replace(published, E'\\n[0-9]+\\n', E'\\n' || (published_size - 1) || E'\\n')",
            });
        }
        // Of the tiles above the leaves only those that the published size has are read by anybody.
        var scope = table == "log_tile" ? "where (level, index, width) in (select level, index, max(width) from log_tile group by level, index)" : "";
        var count = (int)await real.ScalarAsync<long>($"select count(*) from {table} {scope}");
        var (one, two) = (random.Next(count), random.Next(count));
        string Row(int offset) => $"select ctid from {table} {scope} order by {string.Join(',', keys)} offset {offset} limit 1";
        var change = column switch { "payload" => "payload || ' '", "address" or "role" => $"coalesce({column}, '') || 'x'", "occurred_at" => "occurred_at + interval '1 second'", _ => $"set_byte({column}, {random.Next(16)}, 255 - get_byte({column}, {random.Next(16)}))" };
        if (column is "bundle" or "hashes" or "seed")
        {
            // Bytes 4 to 9 of gzip are a time, a level and a system: they say nothing of what is inside.
            var at = random.Next(16);
            if (column == "bundle" && at is >= 4 and < 10) at += 6;
            change = $"set_byte({column}, {at}, 255 - get_byte({column}, {at}))";
        }
        if (column == "payload") change = "replace(payload, 'fine', 'else')";
        var deed = random.Next(3);
        if (deed == 1) return (table, $"delete from {table} where ctid = ({Row(one)})");
        // Two rows that are alike change nothing by changing places; of one row there is nothing to change places with.
        if (deed == 2 && one != two)
        {
            var differ = await real.ScalarAsync<bool>($"select (select {column} from {table} where ctid = ({Row(one)})) is distinct from (select {column} from {table} where ctid = ({Row(two)}))"
                + (column == "hashes" ? $" and (select length(hashes) from {table} where ctid = ({Row(one)})) = (select length(hashes) from {table} where ctid = ({Row(two)}))" : ""));
            if (differ) return (table, $"update {table} t set {column} = o.{column} from {table} o where (t.ctid, o.ctid) in ((({Row(one)}), ({Row(two)})), (({Row(two)}), ({Row(one)})))");
        }
        return (table, $"update {table} set {column} = {change} where ctid = ({Row(one)})");
    }

    private static string AddressOf(WebApplication app) => app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
}
