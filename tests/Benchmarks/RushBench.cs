using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using Npgsql;
using Tendering.Client;
using Tendering.Protocols;
using Tendering.Replay.Client;

namespace Tendering.Benchmarks;

/// <summary>
/// The last half minute before a deadline: 2,000 bids whose files are uploaded are submitted through the gateway while the clock runs towards it, and some more after it. Afterwards
/// every receipt is looked for on the closing list, and every bid of the list in the time before its deadline.
/// </summary>
internal static class RushBench
{
    private const int Bidders = 100, Lots = 20, LateLots = 1, Callers = 64, WarmUp = 200, PreparingAtOnce = 4;
    private const string Currency = "CNY";
    private static readonly TimeSpan Rush = TimeSpan.FromSeconds(30);

    private sealed record Ready(Bidder Bidder, Guid Lot, PreparedBid Bid);

    public static async Task RunAsync(Market market, string postgres)
    {
        var run = Guid.NewGuid().ToString("N")[..8];
        var rules = RuleSet.Get("cn-tendering");
        var deadline = (await market.ClockAsync(default)).Now + TimeSpan.FromDays(rules.Get(RuleKey.TenderPeriod).Count + 2);
        var tender = await Publishing.PublishAsync(market, rules, $"Rush {run}", "rush", deadline, [.. Enumerable.Range(1, Lots + LateLots + (WarmUp / Bidders)).Select(n => new LotTerms($"lot {n}", 10_000_000_00, null, 0))], default);
        Console.WriteLine($"preparing {Bidders * tender.Lots.Length} sealed bids of {Bidders} bidders");
        var bids = await PrepareAsync(market, tender, run);
        var byLot = tender.Lots.Select(lot => bids.Where(b => b.Lot == lot.LotId).ToList()).ToList();
        var late = byLot.TakeLast(LateLots).SelectMany(b => b).ToList();
        var warm = byLot.Skip(Lots).SkipLast(LateLots).SelectMany(b => b).ToList();
        var rush = byLot.Take(Lots).SelectMany(b => b).OrderBy(b => b.Bid.ManifestHash).ToList();

        var (receipts, took, refused) = (new ConcurrentBag<Guid>(), new ConcurrentBag<double>(), 0);
        async Task SubmitAsync(Ready bid, bool measured)
        {
            var start = Stopwatch.GetTimestamp();
            try
            {
                receipts.Add((await bid.Bidder.SubmitPreparedAsync(bid.Lot, bid.Bid, CancellationToken.None)).BidId);
                if (measured) took.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            }
            catch (RefusedException e) when (e is { Status: HttpStatusCode.Conflict, Code: "late-bid" }) { Interlocked.Increment(ref refused); }
        }

        var bare = await Bare.RunAsync(postgres, Callers, rush.Count * 4, (int)rush.Average(b => b.Bid.Manifest.Length + b.Bid.Signature.Length));
        await MoveAsync(market, deadline - Rush);
        await Rate.OfAsync(Callers, warm.Count, i => SubmitAsync(warm[i], measured: false));
        var before = Watched.Cpu();
        var submitted = await Rate.OfAsync(Callers, rush.Count, i => SubmitAsync(rush[i], measured: true));
        var used = Watched.Cpu();
        var left = deadline - (await market.ClockAsync(default)).Now;
        // The rest comes while the clock passes the deadline: some in time, some late.
        await Rate.OfAsync(Callers, late.Count, async i =>
        {
            if (i == late.Count / 2) await MoveAsync(market, deadline);
            await SubmitAsync(late[i], measured: false);
        });
        foreach (var lot in tender.Lots) await market.Public.UntilAsync<Closing>($"api/bidding/lots/{lot.LotId}/closing", _ => true, "the closing", default);

        var sorted = took.Order().ToList();
        Figures.Figure("rush_bids", sorted.Count, "bids");
        Figures.Figure("rush_seconds_left", left.TotalSeconds, "s");
        Figures.Figure("bare_insert", bare, "rows/s");
        Figures.Figure("submit", submitted, "bids/s");
        Figures.Ratio("submit_per_bare", submitted / bare);
        Figures.Figure("submit_p50", Figures.Percentile(sorted, 0.5), "ms");
        Figures.Figure("submit_p99", Figures.Percentile(sorted, 0.99), "ms");
        foreach (var (name, time) in used) Figures.Figure($"submit_cpu_{name}", (time - before[name]) * 1000 / rush.Count, "us/bid");
        Figures.Figure("rush_refused_late", refused, "bids");
        Figures.Figure("rush_late", await CountAsync(postgres, tender.TenderId, "select count(*) from bid b join lot l on l.id = b.lot_id where b.tender_id = $1 and b.submitted_at >= l.bid_deadline"), "bids");
        Figures.Figure("rush_lost", await LostAsync(postgres, tender.TenderId, [.. receipts]), "receipts");
        foreach (var bidder in bids.Select(b => b.Bidder).Distinct()) bidder.Dispose();
    }

    private static async Task<List<Ready>> PrepareAsync(Market market, Tender tender, string run)
    {
        var bids = new ConcurrentBag<Ready>();
        await Parallel.ForEachAsync(Enumerable.Range(1, Bidders), new ParallelOptions { MaxDegreeOfParallelism = PreparingAtOnce }, async (n, ct) =>
        {
            var bidder = await Bidder.EnterAsync(market, $"Rush Works {n}", run, Currency, 1, ct);
            foreach (var lot in tender.Lots)
            {
                await bidder.RegisterAsync(lot.LotId, ct);
                bids.Add(new Ready(bidder, lot.LotId, await bidder.PrepareAsync(tender, lot.LotId, 1, 1_000_000 + n, Currency, ct)));
            }
        });
        return [.. bids];
    }

    private static Task MoveAsync(Market market, DateTimeOffset to) => market.Operator.PostAsync("api/identity/clock", new { to, rate = 1.0 }, default);

    // A receipt is lost if its bid is not stored or not on the closing list of its lot.
    private static async Task<long> LostAsync(string postgres, Guid tender, Guid[] receipts)
    {
        var listed = await CountAsync(postgres, tender, """
            select count(*) from bid where tender_id = $1 and id = any ($2) and id in (
              select (b ->> 'bidId')::uuid from outbox, jsonb_array_elements(payload::jsonb -> 'bids') b where tender_id = $1 and type = 'bidding.closing-list-drawn')
            """, receipts);
        return receipts.Length - listed;
    }

    private static async Task<long> CountAsync(string postgres, Guid tender, string sql, params object[] more)
    {
        await using var database = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(postgres) { Database = "tendering_bidding" }.ConnectionString);
        await using var command = database.CreateCommand(sql);
        foreach (var value in new object[] { tender }.Concat(more)) command.Parameters.Add(new() { Value = value });
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
