using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using Npgsql;
using Tendering.Protocols;
using Tendering.Replay.Client;

namespace Tendering.Benchmarks;

/// <summary>Submissions at half of the rush's load for long: memory, what waits between the services, and latency, at the beginning and at the end.</summary>
internal static class SoakBench
{
    public const double HalfTheRush = 2_000 / 30.0 / 2;
    private const int Bidders = 128, Slices = 10;
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(10);

    private sealed record Slice(double[] Milliseconds, Dictionary<string, double> Memory, long Waiting);

    /// <param name="rate">Bids a second; each is sent at its time whether or not those before are answered, and its latency counts from there.</param>
    public static async Task RunAsync(Market market, string postgres, TimeSpan length, double rate)
    {
        var run = Guid.NewGuid().ToString("N")[..8];
        var deadline = (await market.ClockAsync(default)).Now + TimeSpan.FromDays(RuleSet.Get("cn-tendering").Get(RuleKey.TenderPeriod).Count + 2);
        await market.Operator.PostAsync("api/identity/clock", new { rate = 1.0 }, default);
        var tender = await Publishing.PublishAsync(market, RuleSet.Get("cn-tendering"), $"Soak {run}", "soak", deadline, [new LotTerms("lot", 10_000_000_00, null, 0)], default);
        var bidders = await Replacing.EnterAsync(market, tender, tender.Lots[0].LotId, run, Bidders);
        using var crowd = new Crowd(market.Gateway);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"soaking at {rate:0.#} bids/s for {length.TotalSeconds:0} s"));
        var (receipts, next, slices) = (new ConcurrentBag<Guid>(), 0, new List<Slice>());
        await SliceAsync(WarmUp);
        for (var n = 1; n <= Slices; n++)
        {
            var took = await SliceAsync(length / Slices);
            slices.Add(new Slice(took, Watched.Memory(), await WaitingAsync(postgres)));
            var (p99, memory) = (Figures.Percentile(took, 0.99), string.Join(", ", slices[^1].Memory.Select(m => string.Create(CultureInfo.InvariantCulture, $"{m.Key} {m.Value:0} MiB"))));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {n * 10} %: {took.Length} bids, p99 {p99:0} ms, {slices[^1].Waiting} events wait, {memory}"));
        }
        Report(slices, length, rate);
        Figures.Figure("soak_lost", receipts.Count - await StoredAsync(postgres, [.. receipts]), "receipts");
        foreach (var bidder in bidders) bidder.Dispose();

        async Task<double[]> SliceAsync(TimeSpan lasts)
        {
            var (start, took) = (Stopwatch.GetTimestamp(), new double[(int)(rate * lasts.TotalSeconds)]);
            var sent = new Task[took.Length];
            for (var i = 0; i < took.Length; i++)
            {
                var due = TimeSpan.FromSeconds(i / rate);
                if (due - Stopwatch.GetElapsedTime(start) is { Ticks: > 0 } wait) await Task.Delay(wait);
                sent[i] = SubmitAsync(i, due);
            }
            await Task.WhenAll(sent);
            Array.Sort(took);
            return took;

            async Task SubmitAsync(int i, TimeSpan due)
            {
                var answer = await bidders[next++ % bidders.Count].SubmitAsync(crowd);
                took[i] = (Stopwatch.GetElapsedTime(start) - due).TotalMilliseconds;
                if (answer.Status != HttpStatusCode.Created) throw new InvalidOperationException($"A bid was not taken: {answer.Status} {Encoding.UTF8.GetString(answer.Body)}");
                receipts.Add(JsonSerializer.Deserialize<Submitted>(answer.Body, JsonSerializerOptions.Web)!.BidId);
            }
        }
    }

    // The first tenth still fills caches: what grows is told by the second and the last.
    private static void Report(List<Slice> slices, TimeSpan length, double rate)
    {
        Figures.Figure("soak_seconds", length.TotalSeconds, "s");
        Figures.Figure("soak_rate", rate, "bids/s");
        foreach (var (name, slice) in new[] { ("start", slices[1]), ("end", slices[^1]) })
        {
            Figures.Figure($"soak_p50_{name}", Figures.Percentile(slice.Milliseconds, 0.5), "ms");
            Figures.Figure($"soak_p99_{name}", Figures.Percentile(slice.Milliseconds, 0.99), "ms");
            Figures.Figure($"soak_waiting_{name}", slice.Waiting, "events");
            foreach (var (process, memory) in slice.Memory) Figures.Figure($"soak_memory_{process}_{name}", memory, "MiB");
        }
    }

    // Bidding's events that supervision has not recorded yet, wherever they are on the way.
    public static async Task<long> WaitingAsync(string postgres) =>
        await ScalarAsync(postgres, "tendering_bidding", "select count(*) from outbox where sequence is null") + await ScalarAsync(postgres, "tendering_bidding", "select coalesce(max(sequence), 0) from outbox")
        - await ScalarAsync(postgres, "tendering_supervision", "select coalesce(max(last), 0) from stream where source = 'bidding'");

    private static Task<long> StoredAsync(string postgres, Guid[] bids) => ScalarAsync(postgres, "tendering_bidding", "select count(*) from bid where id = any ($1)", bids);

    private static async Task<long> ScalarAsync(string postgres, string database, string sql, params object[] values)
    {
        await using var source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(postgres) { Database = database, Pooling = false, CommandTimeout = 300 }.ConnectionString);
        await using var command = source.CreateCommand(sql);
        foreach (var value in values) command.Parameters.Add(new() { Value = value });
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
