using System.Diagnostics;
using Tendering.Protocols;
using Tendering.Replay.Client;

namespace Tendering.Benchmarks;

/// <summary>A hundred bids of one lot are opened through the gateway: from the moment at which the first custodian asks for its shares until every price is announced.</summary>
internal static class OpeningBench
{
    private const int Bids = 100, PreparingAtOnce = 4;
    private const string Currency = "CNY";

    public static async Task RunAsync(Market market)
    {
        var run = Guid.NewGuid().ToString("N")[..8];
        var rules = RuleSet.Get("cn-tendering");
        var deadline = (await market.ClockAsync(default)).Now + TimeSpan.FromDays(rules.Get(RuleKey.TenderPeriod).Count + 2);
        var tender = await Publishing.PublishAsync(market, rules, $"Opening {run}", "opening", deadline, [new LotTerms("lot 1", 10_000_000_00, null, 0)], default);
        var lot = tender.Lots[0].LotId;
        Console.WriteLine($"preparing {Bids} sealed bids of {Bids} bidders");
        await Parallel.ForEachAsync(Enumerable.Range(1, Bids), new ParallelOptions { MaxDegreeOfParallelism = PreparingAtOnce }, async (n, ct) =>
        {
            using var bidder = await Bidder.EnterAsync(market, $"Opening Works {n}", run, Currency, 1, ct);
            await bidder.RegisterAsync(lot, ct);
            await bidder.SubmitPreparedAsync(lot, await bidder.PrepareAsync(tender, lot, 1, 1_000_000 + n, Currency, ct), ct);
        });
        await market.ReachAsync(deadline, _ => { }, default);
        await market.Public.UntilAsync<OpeningView>($"api/bid-opening/lots/{lot}", o => o.Stage == "opening", "the opening", default);
        var start = Stopwatch.GetTimestamp();
        await Task.WhenAll(market.Custodians.Select(c => c.ReleaseAsync(tender.TenderId, lot, default)));
        var view = await market.Public.UntilAsync<OpeningView>($"api/bid-opening/lots/{lot}", o => o.Stage == "completed", "all prices", default);
        Figures.Figure("open_100_prices", Stopwatch.GetElapsedTime(start).TotalSeconds, "s");
        Figures.Figure("open_unopened", (view.Total - view.Opened) ?? Bids, "bids");
    }
}
