using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using Tendering.Replay.Client;

namespace Tendering.Benchmarks;

/// <summary>How long after a service's commit an event can be seen in supervision, at a steady rate of events. Counted from the answer to the call that wrote it.</summary>
internal static class VisibilityBench
{
    private const int PerSecond = 200, Seconds = 15, WarmUpSeconds = 3;

    private sealed record FeedItem(long Index, JsonElement Payload);
    private sealed record Decision(Guid DebarmentId);

    public static async Task RunAsync(Market market)
    {
        var answered = new ConcurrentDictionary<Guid, long>();
        var seen = new ConcurrentDictionary<Guid, long>();
        using var stop = new CancellationTokenSource();
        var after = await LastAsync(market);
        var watching = WatchAsync(market, after, seen, stop.Token);

        var calls = new List<Task>();
        var (start, now) = (Stopwatch.GetTimestamp(), (await market.ClockAsync(default)).Now);
        for (var i = 0; i < PerSecond * (Seconds + WarmUpSeconds); i++)
        {
            var due = start + (long)(i * (double)Stopwatch.Frequency / PerSecond);
            while (Stopwatch.GetTimestamp() < due) await Task.Delay(1);
            calls.Add(DecideAsync(market, i, now, answered));
        }
        await Task.WhenAll(calls);
        for (var patience = 0; patience < 200 && answered.Keys.Any(id => !seen.ContainsKey(id)); patience++) await Task.Delay(50);
        await stop.CancelAsync();
        await watching;

        var late = answered.OrderBy(a => a.Value).Skip(PerSecond * WarmUpSeconds).Where(a => seen.ContainsKey(a.Key))
            .Select(a => Math.Max(0, Stopwatch.GetElapsedTime(a.Value, seen[a.Key]).TotalMilliseconds)).Order().ToList();
        Figures.Figure("event_rate", PerSecond, "events/s");
        Figures.Figure("event_unseen", answered.Keys.Count(id => !seen.ContainsKey(id)), "events");
        Figures.Figure("event_visible_p50", Figures.Percentile(late, 0.5), "ms");
        Figures.Figure("event_visible_p99", Figures.Percentile(late, 0.99), "ms");
    }

    private static async Task DecideAsync(Market market, int i, DateTimeOffset now, ConcurrentDictionary<Guid, long> answered)
    {
        var answer = await market.Supervisor.PostAsync<Decision>("api/credit/debarments", new
        {
            socialCreditCode = Market.CodeFor($"bench {i}"), enterpriseName = "Bench", reason = "measurement", decisionNumber = $"B-{i}", article = "-", from = now, until = now.AddYears(50),
        }, default);
        answered[answer.DebarmentId] = Stopwatch.GetTimestamp();
    }

    private static async Task WatchAsync(Market market, long after, ConcurrentDictionary<Guid, long> seen, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var page = await market.Industry.GetAsync<FeedItem[]>($"api/supervision/feed?after={after}", default);
            var at = Stopwatch.GetTimestamp();
            foreach (var item in page)
                if (item.Payload.TryGetProperty("debarmentId", out var id)) seen.TryAdd(id.GetGuid(), at);
            if (page.Length > 0) after = page[^1].Index;
            else await Task.Delay(2, CancellationToken.None);
        }
    }

    private static async Task<long> LastAsync(Market market)
    {
        long after = 0;
        while (await market.Industry.GetAsync<FeedItem[]>($"api/supervision/feed?after={after}", default) is { Length: > 0 } page) after = page[^1].Index;
        return after;
    }
}
