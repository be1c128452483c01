using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Tendering.Contracts;
using Tendering.Testing;
using Tendering.Supervision.Features;
using static Tendering.Supervision.Tests.SupervisionHost;

namespace Tendering.Supervision.Tests.Features;

public class AccessTests(SupervisionHost host) : IClassFixture<SupervisionHost>
{
    public static TheoryData<string, string[]> Routes => new()
    {
        { $"/api/supervision/tenders/{Guid.Empty}/timeline", [Roles.Supervisor] },
        { "/api/supervision/feed", [Roles.Supervisor] },
        { "/api/supervision/alarms", [Roles.Supervisor] },
        { "/api/supervision/streams", [Roles.Supervisor, Roles.Operator] },
    };

    [Theory]
    [MemberData(nameof(Routes))]
    public async Task Only_the_named_roles_may_ask(string route, string[] allowed)
    {
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.Public().GetAsync(route)).StatusCode);
        foreach (var role in Roles.All)
            Assert.Equal(allowed.Contains(role) ? HttpStatusCode.OK : HttpStatusCode.Forbidden, (await host.As(role).GetAsync(route)).StatusCode);
    }

    [Fact]
    public async Task The_operator_learns_whether_a_stream_is_whole_and_no_number()
    {
        var (whole, torn) = (host.NewSource(), host.NewSource());
        await host.SendAsync(Event(whole, 1), Event(whole, 2), Event(torn, 1), Event(torn, 3));
        // The four may be taken in more than one batch.
        JsonElement[] streams = [];
        await ServiceFixture.EventuallyAsync(async () => !Healthy(streams = (await host.As(Roles.Operator).GetFromJsonAsync<JsonElement[]>("/api/supervision/streams"))!, torn), "the gap to be seen");
        Assert.All(streams, s => Assert.Equal(["source", "healthy"], s.EnumerateObject().Select(p => p.Name)));
        Assert.True(Healthy(streams, whole));

        static bool Healthy(JsonElement[] streams, string source) => !streams.Any(s => s.GetProperty("source").GetString() == source && !s.GetProperty("healthy").GetBoolean());
    }

    [Fact]
    public async Task The_operator_cannot_tell_whether_a_service_was_ever_heard()
    {
        var before = await host.As(Roles.Operator).GetStringAsync("/api/supervision/streams");
        Assert.Contains("""{"source":"bidding","healthy":true}""", before, StringComparison.Ordinal);
        await host.SendAsync(Event("bidding", 1));
        await host.RecordedAsync("bidding", 1);
        var after = await host.As(Roles.Operator).GetFromJsonAsync<ListStreams.Item[]>("/api/supervision/streams");
        Assert.Equal(before.Split("\"bidding\"").Length, after!.Count(s => s.Source == "bidding") + 1);
    }

    [Fact]
    public async Task The_timeline_shows_one_tender_in_pages_with_its_actors()
    {
        var (source, tender) = (host.NewSource(), Guid.CreateVersion7());
        await host.SendAsync(Enumerable.Range(1, 9).Select(n => Event(source, n, n % 3 == 0 ? null : tender)));
        await host.RecordedAsync(source, 9);
        var path = $"/api/supervision/tenders/{tender}/timeline";
        var first = (await host.Supervisor.GetFromJsonAsync<GetFeed.Item[]>(path + "?limit=4"))!;
        var rest = (await host.Supervisor.GetFromJsonAsync<GetFeed.Item[]>($"{path}?after={first[^1].Index}"))!;
        Assert.Equal([1, 2, 4, 5, 7, 8], first.Concat(rest).Select(i => i.Sequence));
        Assert.Equal(("10.0.0.1", JsonValueKind.Object), (first[0].Actor.Address, first[0].Payload.ValueKind));
    }

    [Fact]
    public async Task The_feed_gives_every_event_once_in_order()
    {
        var source = host.NewSource();
        await host.SendAsync(Enumerable.Range(1, 40).Select(n => Event(source, n)));
        await host.RecordedAsync(source, 40);
        var seen = new List<GetFeed.Item>();
        for (GetFeed.Item[] page; (page = (await host.Supervisor.GetFromJsonAsync<GetFeed.Item[]>($"/api/supervision/feed?limit=7&after={(seen.Count == 0 ? 0 : seen[^1].Index)}"))!).Length > 0;) seen.AddRange(page);
        Assert.Equal(Enumerable.Range(1, seen.Count).Select(n => (long)n), seen.Select(i => i.Index));
        Assert.Equal(Enumerable.Range(1, 40).Select(n => (long)n), seen.Where(i => i.Source == source).Select(i => i.Sequence));
    }

    [Theory]
    [InlineData("/api/supervision/feed?limit=501")]
    [InlineData("/api/supervision/feed?after=-1")]
    [InlineData("/api/supervision/feed?after=x")]
    [InlineData("/api/supervision/alarms?limit=0")]
    public async Task A_page_out_of_bounds_is_malformed(string path) => Assert.Equal(HttpStatusCode.BadRequest, (await host.Supervisor.GetAsync(path)).StatusCode);

    [Fact]
    public async Task An_unknown_alarm_is_not_found() => Assert.Equal(HttpStatusCode.NotFound, (await host.Supervisor.GetAsync($"/api/supervision/alarms/{Guid.NewGuid()}")).StatusCode);
}
