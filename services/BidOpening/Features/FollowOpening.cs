using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;
using Tendering.BidOpening.Data;
using Tendering.ServiceDefaults;

namespace Tendering.BidOpening.Features;

/// <summary>
/// The hall live, for everybody: server-sent events whose id is the entry's index, to be resumed after any of them. Before the opening starts there is nothing
/// in it but the heartbeat: neither a name nor a number.
/// </summary>
public static class FollowOpening
{
    public const int PageMax = 500;

    /// <summary>Well below the time after which a silent stream is cut on its way (100 s in YARP by default).</summary>
    public static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    public sealed record Item(int Index, string Kind, DateTimeOffset At, JsonElement Body);

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/lots/{lotId:guid}/hall", FollowAsync).AllowEveryone().Produces(200, contentType: "text/event-stream").Produces(204)
            .WithSummary("Follow an opening live").WithDescription("Server-sent events; resume with ?after=INDEX or Last-Event-ID. A heartbeat comment carries the server's time. After the last entry comes an event 'end'; a reconnect then gets 204.");
        routes.MapGet("/lots/{lotId:guid}/entries", ListAsync).AllowEveryone()
            .WithSummary("What has happened in the hall").WithDescription("Pages by the index of the last entry seen: ?after=INDEX. Entries are numbered from 1 without gaps.");
    }

    private static async Task<Ok<Item[]>> ListAsync(Guid lotId, [Range(0, int.MaxValue)] int? after, [Range(1, PageMax)] int? limit, BidOpeningDb db, CancellationToken ct)
    {
        if (!await db.Sessions.AnyAsync(s => s.Id == lotId && s.Notice != null, ct)) throw new NotFoundException("lot");
        var from = after ?? 0;
        var entries = await db.Entries.AsNoTracking().Where(e => e.LotId == lotId && e.Index > from).OrderBy(e => e.Index).Take(limit ?? PageMax).ToListAsync(ct);
        return TypedResults.Ok(entries.Select(e => new Item(e.Index, e.Kind, e.At, JsonSerializer.Deserialize<JsonElement>(e.Body))).ToArray());
    }

    private static async Task FollowAsync(Guid lotId, [Range(0, int.MaxValue)] int? after, [FromHeader(Name = "Last-Event-ID"), StringLength(20)] string? lastEventId, HttpContext http,
        Caller who, BidOpeningDb db, HallWatch watch, TimeProvider clock, IHostApplicationLifetime life, CancellationToken ct)
    {
        var session = (await db.Sessions.AsNoTracking().SingleOrDefaultAsync(s => s.Id == lotId && s.Notice != null, ct)).Or404("lot");
        await db.Database.CloseConnectionAsync();
        var next = int.TryParse(lastEventId, NumberStyles.None, CultureInfo.InvariantCulture, out var last) ? last : after ?? 0;
        if (session.IsOver && next >= session.LastEntry)
        {
            http.Response.StatusCode = StatusCodes.Status204NoContent;       // tells a browser to reconnect no more
            return;
        }
        var hall = watch.Enter(lotId, who);
        try
        {
            using var ending = CancellationTokenSource.CreateLinkedTokenSource(ct, life.ApplicationStopping);
            http.Response.ContentType = "text/event-stream";
            http.Response.Headers.CacheControl = "no-store";
            http.Response.Headers["X-Accel-Buffering"] = "no";
            await http.Response.WriteAsync("retry: 2000\n\n", ending.Token);
            await WriteAsync(hall, next, http.Response, clock, ending.Token);
        }
        catch (OperationCanceledException) { }                                // the watcher went, or this instance ends: it comes back elsewhere
        finally { watch.Leave(hall, who); }
    }

    private static async Task WriteAsync(Hall hall, int next, HttpResponse response, TimeProvider clock, CancellationToken ct)
    {
        while (true)
        {
            var (entries, isOver, change) = hall.After(next);
            foreach (var entry in entries)
            {
                await response.WriteAsync(string.Create(CultureInfo.InvariantCulture, $"id: {entry.Index}\nevent: {entry.Kind}\ndata: {entry.Body}\n\n"), ct);
                next = entry.Index;
            }
            if (isOver)
            {
                await response.WriteAsync("event: end\ndata: {}\n\n", ct);
                return;
            }
            await response.WriteAsync($": {clock.GetUtcNow():O}\n\n", ct);
            await response.Body.FlushAsync(ct);
            await Task.WhenAny(change, Task.Delay(Heartbeat, ct));
            ct.ThrowIfCancellationRequested();
        }
    }
}
