using System.Net;
using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Tendering.Contracts;
using Tendering.Supervision.Features;
using Tendering.Testing;
using static Tendering.Supervision.Tests.SupervisionHost;

namespace Tendering.Supervision.Tests.Features;

public sealed class StreamEventsTests : IAsyncLifetime
{
    private readonly SupervisionHost _host = new() { Configure = c => c.AddInMemoryCollection([new("Stream:Heartbeat", "00:00:01")]) };

    public ValueTask InitializeAsync() => _host.InitializeAsync();
    public ValueTask DisposeAsync() => _host.DisposeAsync();

    private static async Task<StreamReader> OpenAsync(HttpClient client, string query = "", long? lastEvent = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, "/api/supervision/stream" + query);
        if (lastEvent is { } id) request.Headers.Add("Last-Event-ID", id.ToString(System.Globalization.CultureInfo.InvariantCulture));
        var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal((HttpStatusCode.OK, "text/event-stream"), (response.StatusCode, response.Content.Headers.ContentType!.MediaType));
        return new StreamReader(await response.Content.ReadAsStreamAsync());
    }

    private static async Task<List<(long Id, GetFeed.Item Item)>> ReadAsync(StreamReader stream, int count)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var (events, id) = (new List<(long, GetFeed.Item)>(), 0L);
        while (events.Count < count)
        {
            var line = (await stream.ReadLineAsync(patience.Token))!;
            if (line.StartsWith("id: ", StringComparison.Ordinal)) id = long.Parse(line[4..], System.Globalization.CultureInfo.InvariantCulture);
            if (line.StartsWith("data: ", StringComparison.Ordinal)) events.Add((id, JsonSerializer.Deserialize<GetFeed.Item>(line[6..], JsonSerializerOptions.Web)!));
        }
        return events;
    }

    [Fact]
    public async Task Events_come_as_they_are_recorded_and_a_broken_stream_goes_on_where_it_broke()
    {
        var source = _host.NewSource();
        await _host.SendAsync(Enumerable.Range(1, 5).Select(n => Event(source, n)));
        await _host.RecordedAsync(source, 5);
        using var client = _host.Supervisor;
        List<(long Id, GetFeed.Item Item)> first;
        using (var stream = await OpenAsync(client))
        {
            await _host.PublishAsync(Enumerable.Range(6, 5).Select(n => Event(source, n)));
            first = await ReadAsync(stream, 8);
        }
        using var again = await OpenAsync(client, lastEvent: first[^1].Id);
        var rest = await ReadAsync(again, 2);
        Assert.Equal(Enumerable.Range(1, 10).Select(n => (long)n), first.Concat(rest).Select(e => e.Id));
        Assert.All(first, e => Assert.Equal(e.Id, e.Item.Index));
        using var after = await OpenAsync(client, "?after=9");
        Assert.Equal(10, (await ReadAsync(after, 1)).Single().Id);
    }

    [Fact]
    public async Task A_silent_stream_still_beats()
    {
        using var client = _host.Supervisor;
        using var stream = await OpenAsync(client, "?after=1000000");
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var line = "";
        while (line != ": heartbeat") line = await stream.ReadLineAsync(patience.Token);
    }

    [Fact]
    public async Task One_person_has_so_many_streams_and_another_still_has_a_place()
    {
        using var client = _host.As(Roles.Supervisor, person: Guid.CreateVersion7());
        var streams = new List<StreamReader>();
        for (var i = 0; i < StreamEvents.StreamsOfOneMax; i++) streams.Add(await OpenAsync(client, "?after=1000000"));
        using var refused = await client.GetAsync("/api/supervision/stream");
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.Contains("too-many-streams", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        using var other = _host.Supervisor;
        using (await OpenAsync(other, "?after=1000000")) { }
        streams[0].Dispose();
        await ServiceFixture.EventuallyAsync(async () =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/api/supervision/stream?after=1000000");
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            return response.StatusCode == HttpStatusCode.OK;
        }, "the place that was given back");
        foreach (var stream in streams) stream.Dispose();
    }

    [Fact]
    public async Task Only_supervisors_listen_and_nonsense_is_malformed()
    {
        Assert.Equal(HttpStatusCode.Unauthorized, (await _host.Public().GetAsync("/api/supervision/stream")).StatusCode);
        foreach (var role in Roles.All.Except([Roles.Supervisor])) Assert.Equal(HttpStatusCode.Forbidden, (await _host.As(role).GetAsync("/api/supervision/stream")).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await _host.Supervisor.GetAsync("/api/supervision/stream?after=-1")).StatusCode);
        var request = new HttpRequestMessage(HttpMethod.Get, "/api/supervision/stream") { Headers = { { "Last-Event-ID", "x" } } };
        Assert.Equal(HttpStatusCode.BadRequest, (await _host.Supervisor.SendAsync(request)).StatusCode);
    }
}
