using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tendering.ServiceDefaults;
using Tendering.Supervision.Data;
using Tendering.Supervision.Domain;

namespace Tendering.Supervision.Features;

/// <summary>An event that is public, or has become so: its face as the log has it, and its proof. Of one that is still secret nobody learns that it is there.</summary>
public static class GetPublicEvent
{
    /// <param name="Payload">The payload's text where the face has only its hash.</param>
    /// <param name="Opening">For an event that was secret: what leads from its face to the log's entry.</param>
    public sealed record Response(Guid EventId, long Leaf, string Face, string? Payload, Proofs.Shown? Opening);

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/log/events/{eventId:guid}", Handle).AllowEveryone().WithSummary("A public event as the log has it").WithDescription("Also one that was secret, once it is disclosed.");
        routes.MapGet("/log/events/{eventId:guid}/proof", Proof).AllowEveryone().WithSummary("The log's proof of a public event").WithDescription("C2SP tlog-proof.");
    }

    private static async Task<Ok<Response>> Handle(Guid eventId, SupervisionDb db, AuditLog log, CancellationToken ct)
    {
        var e = await FindAsync(eventId, db, ct);
        var turn = (await log.TurnOfAsync(e.Index, ct)).Or404("event");
        var (face, hashed) = EventFace.Of(e, turn.Seed);
        return TypedResults.Ok(new Response(e.Id, turn.LeafOf(e.Index), System.Text.Encoding.UTF8.GetString(face), hashed ? e.Payload : null, turn.IsSecret(e.Index) ? Proofs.Shown.Of(turn.OpeningOf(e)) : null));
    }

    private static async Task<ContentHttpResult> Proof(Guid eventId, SupervisionDb db, AuditLog log, CancellationToken ct) =>
        TypedResults.Content((await Proofs.OfAsync(log, await FindAsync(eventId, db, ct), ct)).ToString(), "text/plain; charset=utf-8");

    private static async Task<RecordedEvent> FindAsync(Guid eventId, SupervisionDb db, CancellationToken ct) => (await db.Events.FromSql($"""
        select e.* from event e where e.id = {eventId} and (e.secret_until is null or exists (select 1 from disclosed d where d.index = e.index)) order by e.index limit 1
        """).AsNoTracking().SingleOrDefaultAsync(ct)).Or404("event");
}
