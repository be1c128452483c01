using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json;
using Npgsql;
using Tendering.Client;
using Tendering.Protocols;
using Tendering.Replay.Client;

namespace Tendering.Benchmarks;

/// <summary>
/// The last half minute before a deadline: 2,000 bidders whose files are uploaded submit through the gateway while the clock runs towards it, and some more while it passes. Afterwards
/// every receipt is looked for on the closing list, and every bid of the list in the time before its deadline.
/// </summary>
internal static class RushBench
{
    // So many calls are on their way at once: as many as the database has room for the bare inserts' connections, one each, beside those of the services.
    public const int Callers = 192;
    private const int Lots = 20, LateBids = 100, LateCallers = 8, WarmBidders = Callers, WarmUp = 40_000, BareRows = 8_000, SettleSecondsMax = 15;
    private static readonly TimeSpan Rush = TimeSpan.FromSeconds(30);

    public static async Task RunAsync(Market market, string postgres, int bidders)
    {
        var run = Guid.NewGuid().ToString("N")[..8];
        var rules = RuleSet.Get("cn-tendering");
        var deadline = (await market.ClockAsync(default)).Now + TimeSpan.FromDays(rules.Get(RuleKey.TenderPeriod).Count + 2);
        var tender = await Publishing.PublishAsync(market, rules, $"Rush {run}", "rush", deadline, [.. Enumerable.Range(1, Lots + 2).Select(n => new LotTerms($"lot {n}", 10_000_000_00, null, 0))], default);
        var (warmLot, lateLot) = (tender.Lots[Lots].LotId, tender.Lots[Lots + 1].LotId);
        var replacing = await Replacing.EnterAsync(market, tender, warmLot, run, WarmBidders);
        var (rush, late) = await PrepareAsync(market, tender, lateLot, run, bidders);
        using var crowd = new Crowd(market.Gateway);

        var bodies = rush.Select(c => c.Bytes).ToList();
        await Watched.RestAsync();
        var bare = await Bare.RunAsync(postgres, Callers, BareRows, bodies);
        Console.WriteLine($"warming up with {WarmUp} bids");
        var cold = Watched.Cpu();
        var warm = await Rate.OfAsync(Callers, WarmUp, i => replacing[i % WarmBidders].SubmitAsync(crowd));
        Console.WriteLine($"  {warm:0} bids/s; us/bid: {string.Join(", ", Watched.Cpu().Select(c => $"{c.Key} {(c.Value - cold[c.Key]) * 1000 / WarmUp:0}"))}");
        while (await SoakBench.WaitingAsync(postgres) > 0) await Task.Delay(100);            // what the warming up left behind is no part of the rush
        await Watched.RestAsync();
        Console.WriteLine("the last half minute");
        await Rate.OfAsync(Callers, rush.Count, i => crowd.LookAsync(rush[i].Call));
        await MoveAsync(market, deadline - Rush);
        await Watched.RestAsync(SettleSecondsMax);                                         // weeks fall due at once where the clock jumps
        var (answers, took) = (new Answered[rush.Count], new double[rush.Count]);
        var before = Watched.Cpu();
        var submitted = await Rate.OfAsync(Callers, rush.Count, async i =>
        {
            var start = Stopwatch.GetTimestamp();
            answers[i] = await crowd.SubmitAsync(rush[i].Call);
            took[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        });
        var used = Watched.Cpu();
        var left = deadline - (await market.ClockAsync(default)).Now;
        if (answers.FirstOrDefault(a => a.Status != HttpStatusCode.Created) is { } wrong) throw new InvalidOperationException($"A bid of the rush was not taken: {wrong.Status} {Encoding.UTF8.GetString(wrong.Body)}");
        if (left <= TimeSpan.Zero) throw new InvalidOperationException($"The rush of {rush.Count} bids took longer than the {Rush.TotalSeconds:0} s before the deadline.");

        // The rest comes while the clock passes the deadline: some in time, some late.
        var lateAnswers = new Answered[late.Count];
        await Rate.OfAsync(LateCallers, late.Count, async i =>
        {
            if (i == late.Count / 2) await MoveAsync(market, deadline);
            lateAnswers[i] = await crowd.SubmitAsync(late[i].Call);
        });
        foreach (var lot in tender.Lots) await market.Public.UntilAsync<Closing>($"api/bidding/lots/{lot.LotId}/closing", _ => true, "the closing", default);
        bare = (bare + await Bare.RunAsync(postgres, Callers, BareRows, bodies)) / 2;

        var (sorted, taken) = (took.Order().ToList(), answers.Concat(lateAnswers).Where(a => a.Status == HttpStatusCode.Created).ToList());
        Figures.Figure("rush_bids", rush.Count, "bids");
        Figures.Figure("rush_seconds_left", left.TotalSeconds, "s");
        Figures.Figure("bare_insert", bare, "rows/s");
        Figures.Figure("submit", submitted, "bids/s");
        Figures.Ratio("submit_per_bare", submitted / bare);
        Figures.Figure("submit_p50", Figures.Percentile(sorted, 0.5), "ms");
        Figures.Figure("submit_p99", Figures.Percentile(sorted, 0.99), "ms");
        foreach (var (name, time) in used) Figures.Figure($"submit_cpu_{name}", (time - before[name]) * 1000 / rush.Count, "us/bid");
        Figures.Figure("rush_refused_late", lateAnswers.Count(a => a.Status == HttpStatusCode.Conflict), "bids");
        Figures.Figure("rush_late", await CountAsync(postgres, "select count(*) from bid b join lot l on l.id = b.lot_id where b.tender_id = $1 and b.submitted_at >= l.bid_deadline", tender.TenderId), "bids");
        Figures.Figure("rush_lost", await LostAsync(market, postgres, tender.TenderId, taken), "receipts");
        foreach (var bidder in replacing) bidder.Dispose();
    }

    private sealed record Ready(Call Call, Bare.Row Bytes);

    private static async Task<(List<Ready> Rush, List<Ready> Late)> PrepareAsync(Market market, Tender tender, Guid lateLot, string run, int bidders)
    {
        var (rush, late) = (new ConcurrentBag<Ready>(), new ConcurrentBag<Ready>());
        await Progress.ForEachAsync("bidders with a sealed bid", bidders, async n =>
        {
            using var bidder = await Bidder.EnterAsync(market, $"Rush Works {n}", run, "CNY", 1, default);
            async Task<Ready> BidAsync(Guid lot)
            {
                await bidder.RegisterAsync(lot, default);
                var bid = await bidder.PrepareAsync(tender, lot, 1, 1_000_000 + n, "CNY", default);
                return new Ready(Crowd.Submission(bidder, lot, bid), new Bare.Row(bid.Manifest, Convert.FromBase64String(bid.Signature)));
            }
            rush.Add(await BidAsync(tender.Lots[n % Lots].LotId));
            if (n <= LateBids) late.Add(await BidAsync(lateLot));
        });
        return ([.. rush.OrderBy(b => b.Call.ManifestHash)], [.. late]);
    }

    private static Task MoveAsync(Market market, DateTimeOffset to) => market.Operator.PostAsync("api/identity/clock", new { to, rate = 1.0 }, default);

    // A receipt is lost if it is not signed for this very bid, or its bid is not stored, or not on the closing list of its lot.
    private static async Task<long> LostAsync(Market market, string postgres, Guid tender, List<Answered> taken)
    {
        var key = await ReceiptKey.FetchAsync(market.Public, default);
        var receipts = taken.Select(a => (a.Call, Claims: key.Verify(JsonSerializer.Deserialize<Submitted>(a.Body, JsonSerializerOptions.Web)!.Receipt))).ToList();
        var good = receipts.Where(r => r.Claims is { } claims && claims.ManifestHash == r.Call.ManifestHash && claims.Lot == r.Call.Lot).Select(r => r.Claims!.Bid).ToArray();
        return receipts.Count - await CountAsync(postgres, """
            with listed as materialized (
              select (b ->> 'bidId')::uuid as id from outbox, jsonb_array_elements(payload::jsonb -> 'bids') b where tender_id = $1 and type = 'bidding.closing-list-drawn')
            select count(*) from bid where tender_id = $1 and id = any ($2) and id in (select id from listed)
            """, tender, good);
    }

    private static async Task<long> CountAsync(string postgres, string sql, params object[] values)
    {
        await using var database = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(postgres) { Database = "tendering_bidding", CommandTimeout = 300 }.ConnectionString);
        await using var command = database.CreateCommand(sql);
        foreach (var value in values) command.Parameters.Add(new() { Value = value });
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
