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
        var bare = await Bare.RunAsync(postgres, Callers, prepared.Count * 4, [.. prepared.Select(p => new Bare.Row(p.Bid.Manifest, Convert.FromBase64String(p.Bid.Signature)))]);
        Task Submit(int i) => prepared[i].Bidder.SubmitPreparedAsync(prepared[i].Lot, prepared[i].Bid, CancellationToken.None);
        await Rate.OfAsync(Callers, WarmUp, Submit);
        var submitted = await Rate.OfAsync(Callers, prepared.Count - WarmUp, i => Submit(WarmUp + i));
        Figures.Figure("bare_insert", bare, "rows/s");
        Figures.Figure("submit", submitted, "bids/s");
        Figures.Ratio("submit_per_bare", submitted / bare);
        foreach (var bidder in prepared.Select(p => p.Bidder).Distinct()) bidder.Dispose();
    }
}
