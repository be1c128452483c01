using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Tendering.ServiceDefaults;

/// <summary>What an operator may do to any service: see which events it could not handle, hand them over again, ask for a stream again. Never what is in them.</summary>
public sealed class Operations<TDb>(string service, IReadOnlyList<Consumer<TDb>> consumers) where TDb : DbContext
{
    private const int ParkedMax = 200;

    public sealed record ParkedItem(Guid EventId, string Consumer, string Error, int Attempts, DateTimeOffset ParkedAt);
    public sealed record ReplayAsked([property: Required, StringLength(40, MinimumLength = 1)] string Source, [property: Range(0, long.MaxValue)] long After);

    public void Map(RouteGroupBuilder routes, string operatorRole)
    {
        routes.MapGet("/parked", ListParked).AllowRoles(operatorRole).WithSummary("Events that wait because they could not be handled");
        routes.MapPost("/parked/{eventId:guid}/retry", Retry).AllowRoles(operatorRole).WithSummary("Hand a parked event over again");
        routes.MapPost("/replay", Replay).AllowRoles(operatorRole)
            .WithSummary("Ask another service to send its events again").WithDescription("From a number on; what was handled already changes nothing.");
    }

    private static async Task<Ok<ParkedItem[]>> ListParked(TDb db, CancellationToken ct)
    {
        var parked = await db.Database.SqlQuery<ParkedItem>(
            $"""select event_id as "EventId", consumer as "Consumer", error as "Error", attempts as "Attempts", parked_at as "ParkedAt" from parked order by parked_at limit {ParkedMax}""").ToArrayAsync(ct);
        return TypedResults.Ok(parked);
    }

    private async Task<NoContent> Retry(Guid eventId, TDb db, IServiceScopeFactory scopes, TimeProvider clock, CancellationToken ct)
    {
        var waiting = await db.Database.SqlQuery<Waiting>($"""select consumer as "Consumer", envelope as "Envelope" from parked where event_id = {eventId}""").ToListAsync(ct);
        if (waiting.Count == 0) throw new NotFoundException("parked event");
        foreach (var item in waiting)
        {
            var envelope = JsonSerializer.Deserialize<Envelope>(item.Envelope, Outbox.Json)!;
            await Inbox.HandleOnceAsync(consumers.Single(c => c.Name == item.Consumer), envelope, scopes, clock, ct);
            await db.Database.ExecuteSqlAsync($"delete from parked where event_id = {eventId} and consumer = {item.Consumer}", ct);
        }
        return TypedResults.NoContent();
    }

    private async Task<NoContent> Replay(ReplayAsked request, Bus bus, CancellationToken ct)
    {
        var types = consumers.Count > 0 ? consumers.Select(c => c.Type).Distinct().ToArray() : null;
        await bus.AskForReplayAsync(request.Source, request.After, null, types, service, ct);
        return TypedResults.NoContent();
    }

    private sealed record Waiting(string Consumer, string Envelope);
}
