using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.Options;
using Npgsql;
using Tendering.Contracts;
using Tendering.ServiceDefaults;
using Tendering.Supervision.Data;

namespace Tendering.Supervision.Features;

/// <summary>Events as they are recorded, as server-sent events whose id is the index: who was cut off goes on after the last one that came, and misses nothing.</summary>
public static class StreamEvents
{
    /// <summary>Open at once on this instance: of all, and of one person (or machine).</summary>
    public const int StreamsMax = 200, StreamsOfOneMax = 10;
    private const int BatchMax = 200;
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(250), HeartbeatDefault = TimeSpan.FromSeconds(15);

    // A stream outlives no token for long: whoever may go on comes back by itself.
    private static readonly TimeSpan LifeMax = TimeSpan.FromMinutes(15);

    private static readonly Dictionary<Guid, int> Open = [];

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/stream", Handle).AllowRoles(Roles.Supervisor)
        .Produces(200, contentType: "text/event-stream").WithSummary("All events as they happen").WithDescription("Server-sent events whose ids are the record's indexes; resume with ?after=INDEX or Last-Event-ID.");

    private static async Task Handle([Range(0, long.MaxValue)] long? after, Caller caller, HttpContext http, [FromKeyedServices(SupervisionService.Name)] NpgsqlDataSource database, IConfiguration configuration, TimeProvider clock, IOptions<JsonOptions> json, CancellationToken ct)
    {
        var last = http.Request.Headers["Last-Event-ID"].ToString() is { Length: > 0 } id
            ? long.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var seen) ? seen : throw new MalformedException("Last-Event-ID", "The id of an event of this stream is a number.")
            : after ?? 0;
        var who = caller.PersonId ?? caller.OrganisationId ?? Guid.Empty;
        TakePlace(who);
        try
        {
            http.Response.ContentType = "text/event-stream";
            http.Response.Headers.CacheControl = "no-store";
            await http.Response.WriteAsync("retry: 1000\n\n", ct);
            await FollowAsync(http.Response, last, database, configuration.GetValue("Stream:Heartbeat", HeartbeatDefault), clock, json.Value.SerializerOptions, ct);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested) { /* the listener went away */ }
        finally { GivePlace(who); }
    }

    private static void TakePlace(Guid who)
    {
        lock (Open)
        {
            var own = Open.GetValueOrDefault(who);
            if (own >= StreamsOfOneMax) throw new BusyException("too-many-streams", $"{StreamsOfOneMax} streams of yours are open: close one of them.");
            if (Open.Values.Sum() >= StreamsMax) throw new BusyException("streams-busy", $"{StreamsMax} streams are open: come back in a second, or read the feed.");
            Open[who] = own + 1;
        }
    }

    private static void GivePlace(Guid who)
    {
        lock (Open) if (--Open[who] == 0) Open.Remove(who);
    }

    private static async Task FollowAsync(HttpResponse response, long last, NpgsqlDataSource database, TimeSpan heartbeat, TimeProvider clock, JsonSerializerOptions json, CancellationToken ct)
    {
        var (start, written) = (clock.GetTimestamp(), clock.GetTimestamp());
        while (clock.GetElapsedTime(start) < LifeMax)
        {
            List<RecordedEvent> batch;
            await using (var connection = await database.OpenConnectionAsync(ct))
                batch = await RecordedEvent.ReadAsync(connection, "index > $1 order by index limit $2", [new() { Value = last }, new() { Value = BatchMax }], ct);
            foreach (var e in batch) await response.WriteAsync($"id: {e.Index.ToString(CultureInfo.InvariantCulture)}\ndata: {JsonSerializer.Serialize(GetFeed.ItemOf(e), json)}\n\n", ct);
            var silent = batch.Count == 0 && clock.GetElapsedTime(written) >= heartbeat;
            if (silent) await response.WriteAsync(": heartbeat\n\n", ct);
            if (batch.Count > 0 || silent)
            {
                await response.Body.FlushAsync(ct);
                written = clock.GetTimestamp();
            }
            if (batch.Count > 0) last = batch[^1].Index;
            if (batch.Count < BatchMax) await Task.Delay(Look, ct);
        }
    }
}
