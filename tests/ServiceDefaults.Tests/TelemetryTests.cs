using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using Microsoft.EntityFrameworkCore;
using Tendering.ServiceDefaults.Tests.Notes;
using Tendering.Testing;

namespace Tendering.ServiceDefaults.Tests;

public class TelemetryTests(NotesHost host) : IClassFixture<NotesHost>
{
    [Fact]
    public async Task One_trace_runs_from_the_request_through_the_relay_to_the_consumer()
    {
        var spans = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name is "Tendering.Bus" or "Microsoft.AspNetCore",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData, ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        var trace = ActivityTraceId.CreateRandom().ToString();
        using var client = host.Public();
        client.DefaultRequestHeaders.Add("traceparent", $"00-{trace}-b7ad6b7169203331-01");
        Assert.Equal(HttpStatusCode.Created, (await client.PostAsync("/api/notes/notes", new NotesService.Request("traced", 1))).StatusCode);

        Activity[] Mine() => [.. spans.Where(s => s.TraceId.ToString() == trace)];
        await ServiceFixture.EventuallyAsync(() => Task.FromResult(Mine().Any(s => s.OperationName == "handle notes.note-taken")));
        var (request, publish, handle) = (Mine().Single(s => s.Source.Name == "Microsoft.AspNetCore"), Mine().Single(s => s.OperationName == "publish notes.note-taken"), Mine().Single(s => s.OperationName == "handle notes.note-taken"));
        Assert.Equal((request.SpanId, publish.SpanId), (publish.ParentSpanId, handle.ParentSpanId));
        Assert.Equal((ActivityKind.Server, ActivityKind.Producer, ActivityKind.Consumer), (request.Kind, publish.Kind, handle.Kind));
        Assert.Contains(trace, await host.InDbAsync<NotesDb, string?>(db => db.Set<OutboxEvent>().Where(e => e.TraceParent!.Contains(trace)).Select(e => e.TraceParent).SingleAsync()), StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_done_with_a_secret_event_joins_its_trace_unrecorded()
    {
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "Tendering.Bus",
            // As an exporter samples: what the parent's flag says.
            Sample = (ref ActivityCreationOptions<ActivityContext> o) =>
                o.Parent.TraceFlags.HasFlag(ActivityTraceFlags.Recorded) ? ActivitySamplingResult.AllDataAndRecorded : ActivitySamplingResult.PropagationData,
        };
        ActivitySource.AddActivityListener(listener);
        var trace = ActivityTraceId.CreateRandom().ToString();
        Envelope Event(string? secretUntil, string? parent) =>
            new(Guid.NewGuid(), "notes.note", 1, "notes", 1, null, "{}", secretUntil, null, null, null, null, null, TimeProvider.System.GetUtcNow(), parent);

        using (var open = Relay.Follow("publish", ActivityKind.Producer, Event(null, $"00-{trace}-b7ad6b7169203331-01"))) Assert.True(open!.Recorded);
        using (var secret = Relay.Follow("publish", ActivityKind.Producer, Event("opening", $"00-{trace}-b7ad6b7169203331-01"))) Assert.Equal((trace, false), (secret!.TraceId.ToString(), secret.Recorded));
        using (var alone = Relay.Follow("handle", ActivityKind.Consumer, Event("opening", null))) Assert.False(alone!.Recorded);
    }
}
