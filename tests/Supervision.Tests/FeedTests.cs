using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using Microsoft.Extensions.DependencyInjection;
using Tendering.ServiceDefaults;
using Tendering.Supervision.Features;
using Tendering.Testing;

namespace Tendering.Supervision.Tests;

/// <summary>
/// The detector that ProZorro wrote after readers of its feed had missed what was inserted early and committed late: writers in all services wait at random between
/// insert and commit, a reader follows the feed meanwhile, and not one event may be missed, repeated or out of order. FEED_EVENTS sets how many (10,000).
/// </summary>
public class FeedTests(FeedTests.Host host) : IClassFixture<FeedTests.Host>
{
    private const int WritersEach = 4;
    private static readonly string[] Publishers = ["identity", "tenders", "bidding", "bid-opening", "expert-selection", "evaluation", "escrow", "credit", "elsewhere"];

    public sealed class Host() : ServiceFixture(SupervisionService.Name, SupervisionService.Add, SupervisionService.Map)
    {
        protected override IEnumerable<string> QueuesOf(Bus bus) => base.QueuesOf(bus).Concat(Publishers.Select(bus.ReplayQueueOf));
    }

    [Fact]
    public async Task A_reader_of_the_feed_misses_nothing_gets_nothing_twice_and_all_in_order()
    {
        var count = int.Parse(Environment.GetEnvironmentVariable("FEED_EVENTS") ?? "10000", CultureInfo.InvariantCulture);
        var seed = Random.Shared.Next();
        await host.ListensAsync();
        var bus = host.Services.GetRequiredService<Bus>();
        var sources = await Task.WhenAll(Publishers.Select(name => SourceOutbox.StartAsync(name, host.Run, bus)));
        try
        {
            using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(60 + (count / 100)));
            var following = FollowAsync(count, stop.Token);
            var written = await Task.WhenAll(sources.SelectMany((source, s) => Enumerable.Range(0, WritersEach).Select(w => WriteAsync(source, count / sources.Length / WritersEach + 1, new Random(seed + (s * WritersEach) + w)))));
            var ids = written.SelectMany(w => w).ToArray();
            var seen = await following;
            while (seen.Count < ids.Length) seen.AddRange(await PageAsync(seen[^1].Index, stop.Token));
            Assert.True(Enumerable.Range(1, seen.Count).Select(n => (long)n).SequenceEqual(seen.Select(i => i.Index)), $"seed {seed}: an index is missing or repeated");
            Assert.True(ids.ToHashSet().SetEquals(seen.Select(i => i.Id)) && seen.Count == ids.Length, $"seed {seed}: {ids.Except(seen.Select(i => i.Id)).Count()} of {ids.Length} events were missed");
            Assert.All(seen.GroupBy(i => i.Source), stream => Assert.True(Enumerable.Range(1, stream.Count()).Select(n => (long)n).SequenceEqual(stream.Select(i => i.Sequence)), $"seed {seed}: {stream.Key} is out of order"));
        }
        finally { foreach (var source in sources) await source.DisposeAsync(); }
    }

    // The reader that looks at a feed ordered by what is taken at insert, as ProZorro's did, would fail here.
    private async Task<List<GetFeed.Item>> FollowAsync(int count, CancellationToken ct)
    {
        var seen = new List<GetFeed.Item>();
        while (seen.Count < count) seen.AddRange(await PageAsync(seen.Count == 0 ? 0 : seen[^1].Index, ct));
        return seen;
    }

    private async Task<GetFeed.Item[]> PageAsync(long after, CancellationToken ct)
    {
        using var client = host.As(Contracts.Roles.Supervisor);
        return (await client.GetFromJsonAsync<GetFeed.Item[]>($"/api/supervision/feed?after={after}", ct))!;
    }

    private static async Task<List<Guid>> WriteAsync(SourceOutbox source, int count, Random random)
    {
        var ids = new List<Guid>(count);
        for (var i = 0; i < count; i++)
        {
            var delay = random.Next(0, 4);
            ids.Add((await source.WriteAsync("""{"what":"the feed's detector"}""", () => delay == 0 ? Task.CompletedTask : Task.Delay(delay))).Id);
        }
        return ids;
    }
}
