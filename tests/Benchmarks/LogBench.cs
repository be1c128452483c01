using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using NpgsqlTypes;
using Tendering.Protocols;
using Tendering.ServiceDefaults;
using Tendering.Supervision;
using Tendering.Supervision.Data;
using Tendering.Testing;

namespace Tendering.Benchmarks;

/// <summary>
/// The audit log: how fast the sequencer takes recorded events to a durable log, beside what SHA-256 alone and COPY alone do with the same bytes in the same run; how
/// long an event waits for the checkpoint that covers it; what a proof takes and a million entries cost. LOG_EVENTS sets how many (300,000).
/// </summary>
internal static class LogBench
{
    private const int PerSecond = 1_000, Seconds = 15, WarmUpSeconds = 3, Writers = 16, Proofs = 300;

    public static async Task RunAsync()
    {
        await AppendAsync(int.Parse(Environment.GetEnvironmentVariable("LOG_EVENTS") ?? "300000", CultureInfo.InvariantCulture));
        await LatencyAsync();
    }

    private static async Task AppendAsync(int count)
    {
        var connectionString = Servers.ConnectionOf("logbench", Guid.NewGuid().ToString("N")[..12]);
        await Migrator.MigrateAsync(Servers.Postgres, connectionString, typeof(SupervisionDb).Assembly, default);
        try
        {
            await using var database = new NpgsqlDataSourceBuilder(connectionString).Build();
            await using var connection = await database.OpenConnectionAsync();
            Console.WriteLine($"preparing {count} events");
            await CopyAsync(connection, "event", count);
            var copied = await BareCopyAsync(connectionString, count);
            var hashed = Hash(count);

            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var sequencer = await Sequencer.ResumeAsync(connection, database, NoteSigner.ForLog("bench.invalid/log", key), publish: true, default);
            var start = Stopwatch.GetTimestamp();
            while (sequencer.Events < count) await sequencer.TurnAsync(default);
            var appended = count / Stopwatch.GetElapsedTime(start).TotalSeconds;
            Figures.Figure("log_append", appended, "events/s");
            Figures.Figure("bare_sha256", hashed, "events/s");
            Figures.Figure("bare_copy", copied, "events/s");
            Figures.Ratio("log_per_sha256", appended / hashed);
            Figures.Ratio("log_per_copy", appended / copied);
            await ProveAsync(database, sequencer.Size);
            await CostAsync(connection, sequencer.Size, count);
        }
        finally
        {
            NpgsqlConnection.ClearAllPools();
            await Servers.DropAsync(connectionString);
        }
    }

    private static async Task ProveAsync(NpgsqlDataSource database, long size)
    {
        var prover = new TileProver(new Tiles(database));
        var random = new Random(1);
        var times = new List<double>();
        for (var i = 0; i < Proofs; i++)
        {
            var start = Stopwatch.GetTimestamp();
            await prover.InclusionAsync(random.NextInt64(size), size, default);
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }
        times.Sort();
        Figures.Figure("inclusion_proof_p50", Figures.Percentile(times, 0.5), "ms");
        Figures.Figure("inclusion_proof_p99", Figures.Percentile(times, 0.99), "ms");
    }

    private static async Task CostAsync(NpgsqlConnection connection, long size, int events)
    {
        async Task<double> MebibytesAsync(string tables)
        {
            await using var command = new NpgsqlCommand($"select sum(pg_total_relation_size(c.oid)) from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'public' and c.relkind = 'r' and c.relname in ({tables})", connection);
            return (double)(decimal)(await command.ExecuteScalarAsync())! / (1 << 20);
        }
        Figures.Figure("log_million_entries", await MebibytesAsync("'log_entries', 'log_tile', 'log_turn', 'log_head', 'secret', 'submission', 'moment'") * 1_000_000 / size, "MiB");
        Figures.Figure("record_million_events", await MebibytesAsync("'event'") * 1_000_000 / events, "MiB");
    }

    private static async Task<double> BareCopyAsync(string connectionString, int count)
    {
        // The service's own role may not make tables.
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(Servers.Postgres) { Database = new NpgsqlConnectionStringBuilder(connectionString).Database, Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        await using var make = new NpgsqlCommand("create table bare_copy (like event)", connection);
        await make.ExecuteNonQueryAsync();
        var start = Stopwatch.GetTimestamp();
        await CopyAsync(connection, "bare_copy", count);
        return count / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    // One thread hashes what would be the entries.
    private static double Hash(int count)
    {
        var entries = Enumerable.Range(1, 1_000).Select(n => Encoding.UTF8.GetBytes(Payload(n) + new string('x', 330))).ToArray();
        var start = Stopwatch.GetTimestamp();
        for (var i = 0; i < count; i++) MerkleTree.LeafHash(entries[i % entries.Length]);
        return count / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static string Payload(int n) => JsonSerializer.Serialize(new
    {
        tenderId = new Guid(n / 50, 1, 2, new byte[8]), lotId = new Guid(n / 50, 3, 4, new byte[8]), bidId = new Guid(n, 5, 6, new byte[8]), bidderName = $"Bench Works {n % 977}", price = 1_000_000L + n, currency = "CNY",
        recordHash = Convert.ToHexStringLower(SHA256.HashData(BitConverter.GetBytes(n))), openedAt = DateTimeOffset.UnixEpoch.AddSeconds(n),
    });

    private static async Task CopyAsync(NpgsqlConnection connection, string table, int count)
    {
        await using var copy = await connection.BeginBinaryImportAsync($"copy {table} (index, source, sequence, id, type, version, tender_id, payload, secret_until, person_id, organisation_id, role, address, occurred_at, hash) from stdin (format binary)");
        for (var n = 1; n <= count; n++)
        {
            var secret = n % 10 == 0;
            await copy.StartRowAsync();
            await copy.WriteAsync((long)n);
            await copy.WriteAsync("bid-opening");
            await copy.WriteAsync((long)n);
            await copy.WriteAsync(new Guid(n, 7, 8, new byte[8]));
            await copy.WriteAsync("bid-opening.bid-opened");
            await copy.WriteAsync(1);
            await copy.WriteAsync(new Guid(n / 50, 1, 2, new byte[8]));
            await copy.WriteAsync(Payload(n));
            await copy.WriteAsync(secret ? "opening" : null, NpgsqlDbType.Text);
            await copy.WriteAsync(new Guid(n % 991, 9, 9, new byte[8]));
            await copy.WriteAsync(new Guid(n % 97, 9, 8, new byte[8]));
            await copy.WriteAsync("centre");
            await copy.WriteAsync("10.1.2.3");
            await copy.WriteAsync(DateTimeOffset.UnixEpoch.AddSeconds(n));
            await copy.WriteAsync(SHA256.HashData(BitConverter.GetBytes(n)));
        }
        await copy.CompleteAsync();
    }

    // From a commit in a service's own database to the first look that finds a checkpoint over it, through relay, broker, record and log.
    private static async Task LatencyAsync()
    {
        var host = new ServiceFixture(SupervisionService.Name, SupervisionService.Add, SupervisionService.Map);
        await host.InitializeAsync();
        try
        {
            await host.ListensAsync();
            await using var source = await SourceOutbox.StartAsync("bench", host.Run, host.Services.GetRequiredService<Bus>());
            var log = host.Services.GetRequiredService<AuditLog>();
            var (committed, looks) = (new ConcurrentDictionary<Guid, long>(), new List<(long Size, long At)>());
            using var stop = new CancellationTokenSource();
            var watching = WatchAsync(log, looks, stop.Token);
            Console.WriteLine($"{PerSecond} events a second for {Seconds + WarmUpSeconds} s");
            await WriteAsync(source, committed);
            while ((await log.HeadAsync(default))!.Events < committed.Count) await Task.Delay(50);
            while (looks.Count == 0 || looks[^1].Size < (await log.HeadAsync(default))!.PublishedSize) await Task.Delay(20);
            await stop.CancelAsync();
            await watching;
            await ReportAsync(log, committed, looks);
        }
        finally { await host.DisposeAsync(); }
    }

    private static async Task WriteAsync(SourceOutbox source, ConcurrentDictionary<Guid, long> committed)
    {
        var start = Stopwatch.GetTimestamp();
        var total = PerSecond * (Seconds + WarmUpSeconds);
        var next = -1;
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(_ => Task.Run(async () =>
        {
            for (int i; (i = Interlocked.Increment(ref next)) < total;)
            {
                var due = start + (long)(i * (double)Stopwatch.Frequency / PerSecond);
                while (Stopwatch.GetTimestamp() < due) await Task.Delay(1);
                var (id, at) = await source.WriteAsync(Payload(i), secretUntil: i % 10 == 0 ? "never" : null);
                committed[id] = at;
            }
        })));
        Figures.Figure("event_rate", total / Stopwatch.GetElapsedTime(start).TotalSeconds, "events/s");
    }

    private static async Task WatchAsync(AuditLog log, List<(long Size, long At)> looks, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            if ((await log.HeadAsync(CancellationToken.None))?.PublishedSize is { } size && (looks.Count == 0 || size > looks[^1].Size)) looks.Add((size, Stopwatch.GetTimestamp()));
            await Task.Delay(5, CancellationToken.None);
        }
    }

    private static async Task ReportAsync(AuditLog log, ConcurrentDictionary<Guid, long> committed, List<(long Size, long At)> looks)
    {
        await using var connection = await log.Database.OpenConnectionAsync();
        var leaves = new Dictionary<Guid, long>();
        foreach (var e in await RecordedEvent.ReadAsync(connection, "source = 'bench' order by index", [], default)) leaves[e.Id] = (await log.TurnOfAsync(e.Index, default))!.LeafOf(e.Index);
        var delays = new List<double>();
        foreach (var (id, at) in committed.OrderBy(c => c.Value).Skip(PerSecond * WarmUpSeconds))
        {
            var look = looks.First(l => l.Size > leaves[id]);
            delays.Add(Math.Max(0, Stopwatch.GetElapsedTime(at, look.At).TotalMilliseconds));
        }
        delays.Sort();
        Figures.Figure("commit_to_checkpoint_p50", Figures.Percentile(delays, 0.5), "ms");
        Figures.Figure("commit_to_checkpoint_p99", Figures.Percentile(delays, 0.99), "ms");
    }

    private sealed class Tiles(NpgsqlDataSource database) : ITileReader
    {
        public async Task<IReadOnlyDictionary<TileId, byte[]>> ReadAsync(IReadOnlyCollection<TileId> tiles, CancellationToken ct)
        {
            await using var connection = await database.OpenConnectionAsync(ct);
            return await AuditLog.ReadAsync(connection, tiles, ct);
        }
    }
}
