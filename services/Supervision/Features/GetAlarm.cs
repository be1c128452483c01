using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tendering.Contracts;
using Tendering.ServiceDefaults;
using Tendering.Supervision.Data;

namespace Tendering.Supervision.Features;

/// <summary>An alarm; where an event was sent with other content, also both of its versions.</summary>
public static class GetAlarm
{
    public sealed record Response(ListAlarms.Item Alarm, Version? Recorded, Version? SentAgain);
    public sealed record Version(Guid Id, string Type, DateTimeOffset OccurredAt, GetFeed.Actor Actor, JsonElement Payload);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/alarms/{alarmId:guid}", Handle).AllowRoles(Roles.Supervisor).WithSummary("An alarm with its evidence");

    private static async Task<Ok<Response>> Handle(Guid alarmId, SupervisionDb db, CancellationToken ct)
    {
        var alarm = (await db.Alarms.AsNoTracking().SingleOrDefaultAsync(a => a.Id == alarmId, ct)).Or404("alarm");
        var item = new ListAlarms.Item(alarm.Id, alarm.Kind, alarm.Source, alarm.Sequence, alarm.Detail, alarm.RaisedAt);
        if (await db.Rewritings.AsNoTracking().SingleOrDefaultAsync(r => r.AlarmId == alarmId, ct) is not { } rewriting) return TypedResults.Ok(new Response(item, null, null));
        var again = JsonSerializer.Deserialize<Envelope>(rewriting.Envelope, Outbox.Json)!;
        var first = await FirstAsync(db, rewriting, ct);
        return TypedResults.Ok(new Response(item, Of(first), Of(again)));
    }

    // The first version stands in the record, or waits there for its turn.
    private static async Task<Envelope> FirstAsync(SupervisionDb db, Rewriting rewriting, CancellationToken ct)
    {
        var (source, sequence) = (rewriting.Source, rewriting.Sequence);
        if (await db.Events.AsNoTracking().SingleOrDefaultAsync(e => e.Source == source && e.Sequence == sequence, ct) is { } e)
            return new Envelope(e.Id, e.Type, e.Version, e.Source, e.Sequence, e.TenderId, e.Payload, e.SecretUntil, e.Salt, e.PersonId, e.OrganisationId, e.Role, e.Address, e.OccurredAt, e.TraceParent);
        var waiting = await db.Waiting.AsNoTracking().SingleAsync(w => w.Source == source && w.Sequence == sequence, ct);
        return JsonSerializer.Deserialize<Envelope>(waiting.Envelope, Outbox.Json)!;
    }

    private static Version Of(Envelope e) => new(e.Id, e.Type, e.OccurredAt, new GetFeed.Actor(e.PersonId, e.OrganisationId, e.Role, e.Address), GetFeed.PayloadOf(e.Payload));
}
