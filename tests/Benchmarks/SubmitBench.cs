using System.Diagnostics;
using Npgsql;
using Tendering.Protocols;
using Tendering.Replay.Client;

namespace Tendering.Benchmarks;

/// <summary>Bids submitted a second through the gateway, whose files are uploaded already, beside single-row inserts with commit of the same bytes at the same concurrency.</summary>
internal static class SubmitBench
{
    private const int Bidders = 32, Lots = 24, Callers = 32, WarmUp = 64;
    private const string Currency = "CNY";

    public static async Task RunAsync(Market market, string postgres)
    {
        var run = Guid.NewGuid().ToString("N")[..8];
        var rules = RuleSet.Get("cn-tendering");
        var deadline = (await market.ClockAsync(default)).Now + TimeSpan.FromDays(rules.Get(RuleKey.TenderPeriod).Count + 2);
        var lots = Enumerable.Range(1, Lots).Select(n => new LotTerms($"lot {n}", 10_000_000_00, null, 0)).ToList();
        var tender = await Publishing.PublishAsync(market, rules, $"Benchmark {run}", "benchmark", deadline, lots, default);
        Console.WriteLine($"preparing {Bidders * Lots} sealed bids of {Bidders} bidders");
        var prepared = new List<(Bidder Bidder, Guid Lot, PreparedBid Bid)>();
        var gate = new Lock();
        await Parallel.ForEachAsync(Enumerable.Range(1, Bidders), new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (n, ct) =>
        {
            var bidder = await Bidder.EnterAsync(market, $"Bench Works {n}", run, Currency, 1, ct);
            foreach (var lot in tender.Lots)
            {
                await bidder.RegisterAsync(lot.LotId, ct);
                var bid = await bidder.PrepareAsync(tender, lot.LotId, 1, 1_000_000 + n, Currency, ct);
                lock (gate) prepared.Add((bidder, lot.LotId, bid));
            }
        });
        var bare = await BareAsync(postgres, prepared.Count, (int)prepared.Average(p => p.Bid.Manifest.Length + p.Bid.Signature.Length));
        Task Submit(int i) => prepared[i].Bidder.SubmitPreparedAsync(prepared[i].Lot, prepared[i].Bid, CancellationToken.None);
        await TimeAsync(WarmUp, Submit);
        var submitted = await TimeAsync(prepared.Count - WarmUp, i => Submit(WarmUp + i));
        Figures.Figure("bare_insert", bare, "rows/s");
        Figures.Figure("submit", submitted, "bids/s");
        Figures.Ratio("submit_per_bare", submitted / bare);
        foreach (var bidder in prepared.Select(p => p.Bidder).Distinct()) bidder.Dispose();
    }

    private static async Task<double> BareAsync(string postgres, int rows, int bytes)
    {
        await using var database = new NpgsqlDataSourceBuilder(new NpgsqlConnectionStringBuilder(postgres) { MaxPoolSize = Callers, Database = "tendering_bidding" }.ConnectionString).Build();
        await RunAsync(database, "create table if not exists bench_bare (id uuid primary key, body text not null); truncate bench_bare");
        var body = new string('x', bytes);
        try
        {
            await TimeAsync(Callers * 4, _ => InsertAsync(database, body));          // connections and plans are warm, as they are in the service
            return await TimeAsync(rows * 4, _ => InsertAsync(database, body));
        }
        finally { await RunAsync(database, "drop table bench_bare"); }
    }

    private static async Task InsertAsync(NpgsqlDataSource database, string body)
    {
        await using var insert = database.CreateCommand("insert into bench_bare values ($1, $2)");
        insert.Parameters.Add(new() { Value = Guid.CreateVersion7() });
        insert.Parameters.Add(new() { Value = body });
        await insert.ExecuteNonQueryAsync();
    }

    private static async Task RunAsync(NpgsqlDataSource database, string sql)
    {
        await using var command = database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    // Operations a second of as many callers as there are, each going on with the next at once.
    private static async Task<double> TimeAsync(int operations, Func<int, Task> operation)
    {
        var (next, start) = (-1, Stopwatch.GetTimestamp());
        await Task.WhenAll(Enumerable.Range(0, Callers).Select(async _ =>
        {
            for (int i; (i = Interlocked.Increment(ref next)) < operations;) await operation(i);
        }));
        return operations / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
