using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;
using RabbitMQ.Client;
using Tendering.Contracts;
using Tendering.Contracts.Bidding;
using Tendering.Contracts.Tenders;
using Tendering.Protocols;
using Tendering.ServiceDefaults;
using Tendering.Supervision;
using Tendering.Supervision.Features;
using Tendering.Testing;
using VerifyRun = Tendering.Verify.Tests.Run;

namespace Tendering.Verify.Tests;

/// <summary>Supervision itself, on a database of its own, which the test can also change as its owner could.</summary>
internal sealed class RealLog() : ServiceFixture(SupervisionService.Name, SupervisionService.Add, SupervisionService.Map)
{
    private static readonly string[] Tables = ["event", "stream", "log_head", "log_entries", "log_tile", "log_turn", "log_witness", "secret", "moment", "disclosed", "submission"];
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("tendering-verify");

    /// <summary>All events that this fixture sends are of this tender, so that its dossier holds them.</summary>
    public Guid Tender { get; } = Guid.CreateVersion7();
    public Guid Bidder { get; } = Guid.CreateVersion7();
    public Guid Bid { get; } = Guid.CreateVersion7();
    public string Place => Address + "/log";
    public string PathOf(string name) => Path.Combine(_folder.FullName, name);

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _folder.Delete(true);
        GC.SuppressFinalize(this);
    }

    public async Task<string> KeyAsync()
    {
        using var client = Public();
        return (await client.GetFromJsonAsync<JsonElement>("/api/supervision/log/keys")).GetProperty("key").GetString()!;
    }

    /// <summary>Reviews of one source from number <paramref name="first"/> on, every third one secret; waits until the published log covers them.</summary>
    public async Task SendAsync(string source, int first, int count, string opinion = "fine") => await SendAsync(Enumerable.Range(first, count).Select(n =>
        Envelope(new ReviewDecided(Tender, 1, Guid.Empty, true, $"{opinion} {n}", Clock.GetUtcNow()), source, n) with { SecretUntil = n % 3 == 0 ? "never" : null }));

    public Task SubmitAsync(string manifestHash, DateTimeOffset at) => SendAsync([Envelope(new BidSubmitted(Tender, Guid.CreateVersion7(), Bid, Bidder, 1, manifestHash, at), "bidding", 1) with
    {
        OrganisationId = Bidder, SecretUntil = "opening", Salt = RandomNumberGenerator.GetBytes(32),
    }]);

    public Task PublishReceiptKeyAsync(ECDsa key)
    {
        var q = key.ExportParameters(false).Q;
        return SendAsync([Envelope(new ReceiptKeyPublished("k", Base64UrlText.Encode(q.X), Base64UrlText.Encode(q.Y), Clock.GetUtcNow()), "bidding", 2)]);
    }

    public async Task SendAsync(IEnumerable<Envelope> events)
    {
        var before = await ScalarAsync<long>("select coalesce(max(index), 0) from event");
        Envelope[] all = [.. events];
        await ListensAsync();
        var bus = Services.GetRequiredService<Bus>();
        await using (var channel = await bus.OpenChannelAsync(confirms: true, default))
            foreach (var e in all) await channel.BasicPublishAsync(bus.Events, e.Type, mandatory: true, new BasicProperties(), JsonSerializer.SerializeToUtf8Bytes(e, Outbox.Json));
        await EventuallyAsync(async () => await ScalarAsync<bool>($"select events >= {before + all.Length} and published_size = size from log_head"), "the published log to cover what was sent");
    }

    public async Task<T> ScalarAsync<T>(string sql)
    {
        await using var connection = new NpgsqlConnection(ConnectionString + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync() is T value ? value : default!;
    }

    /// <summary>As the one who owns the server, past every trigger and key.</summary>
    public async Task ForgeAsync(string sql)
    {
        var owner = new NpgsqlConnectionStringBuilder(Servers.Postgres) { Database = new NpgsqlConnectionStringBuilder(ConnectionString).Database, Pooling = false }.ConnectionString;
        await using var connection = new NpgsqlConnection(owner);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("set session_replication_role = replica; " + sql, connection);
        // Truncating many tables at once meets readers that hold some of them: the thief gives way and tries again.
        await EventuallyAsync(async () =>
        {
            try { await command.ExecuteNonQueryAsync(); return true; }
            catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.DeadlockDetected)
            {
                await using var end = new NpgsqlCommand("rollback", connection);
                await end.ExecuteNonQueryAsync();
                return false;
            }
        }, "the forgery");
    }

    /// <summary>Puts a copy of the whole record and log aside.</summary>
    public Task BackUpAsync(string name) => ForgeAsync($"create schema {name}; " + string.Concat(Tables.Select(table => $"create table {name}.{table} as table public.{table}; ")));

    /// <summary>Everything as it was then, as if the disk had been put back.</summary>
    public Task RestoreAsync(string name) => ForgeAsync("begin; " + string.Concat(Tables.Select(table => $"truncate public.{table} cascade; ")) + string.Concat(Tables.Select(table => $"insert into public.{table} select * from {name}.{table}; ")) + "commit;");

    private IEnumerable<IHostedService> Growing => Services.GetServices<IHostedService>().Where(service => service is SequenceEvents or CollectCosignatures or DiscloseSecrets);

    /// <summary>The log stands still while a thief is at work.</summary>
    public async Task FreezeAsync()
    {
        foreach (var service in Growing) await service.StopAsync(default);
    }

    public async Task GoOnAsync()
    {
        foreach (var service in Growing) await service.StartAsync(default);
    }

    public async Task<VerifyRun> VerifyLogAsync(params string[] more) => await VerifyRun.Of(["log", Place, "--state", PathOf("state.json"), "--log-key", await KeyAsync(), .. more]);

    /// <summary>Fetches the dossier and checks it; a platform that cannot make one any more has been found out too.</summary>
    public async Task<VerifyRun> VerifyTenderAsync()
    {
        using var supervisor = As(Roles.Supervisor);
        try
        {
            using var response = await supervisor.GetAsync($"/api/supervision/tenders/{Tender}/dossier");
            await File.WriteAllBytesAsync(PathOf("dossier"), await response.Content.ReadAsByteArrayAsync());
        }
        catch (HttpRequestException) { await File.WriteAllBytesAsync(PathOf("dossier"), []); }
        return await VerifyRun.Of("tender", PathOf("dossier"), "--log", Place, "--log-key", await KeyAsync());
    }

    /// <summary>What supervision's own comparison of record and log finds.</summary>
    public async Task<string?> OwnCheckAsync() => (await Supervision.Data.LogCheck.RunAsync(Services.GetRequiredService<Supervision.Data.AuditLog>().Database, NoteKey.Parse(await KeyAsync()), default))?.What;

    private static Envelope Envelope<T>(T message, string source, long sequence) where T : class
    {
        var name = Outbox.NameOf(typeof(T));
        return new Envelope(Guid.CreateVersion7(), name.Name, name.Version, source, sequence, (message as ITenderEvent)?.TenderId, JsonSerializer.Serialize(message, Outbox.Json), null, null, Guid.Empty, Guid.Empty, "supervisor", "10.0.0.1", new DateTimeOffset(2026, 3, 2, 1, 0, 0, TimeSpan.Zero), null);
    }
}
