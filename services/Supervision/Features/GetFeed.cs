using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tendering.Contracts;
using Tendering.ServiceDefaults;
using Tendering.Supervision.Data;

namespace Tendering.Supervision.Features;

/// <summary>All events in the order of the record: nothing skipped, nothing twice.</summary>
public static class GetFeed
{
    public const int PageMax = 500;

    public sealed record Actor(Guid? PersonId, Guid? OrganisationId, string? Role, string? Address);

    /// <summary>The full event. A secret one says until when it is secret; supervisors alone see it before.</summary>
    public sealed record Item(
        long Index, string Source, long Sequence, Guid Id, string Type, int Version, Guid? TenderId, DateTimeOffset OccurredAt, string? SecretUntil, Actor Actor, JsonElement Payload);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/feed", Handle)
        .AllowRoles(Roles.Supervisor).WithSummary("All events in the order of the record").WithDescription("Pages by the index of the last item seen: ?after=INDEX.");

    private static async Task<Ok<Item[]>> Handle([Range(0, long.MaxValue)] long? after, [Range(1, PageMax)] int? limit, SupervisionDb db, CancellationToken ct) =>
        TypedResults.Ok(await PageAsync(db.Events, after, limit, ct));

    public static async Task<Item[]> PageAsync(IQueryable<RecordedEvent> events, long? after, int? limit, CancellationToken ct)
    {
        var from = after ?? 0;
        var page = await events.AsNoTracking().Where(e => e.Index > from).OrderBy(e => e.Index).Take(limit ?? PageMax).ToListAsync(ct);
        return [.. page.Select(ItemOf)];
    }

    public static Item ItemOf(RecordedEvent e) => new(
        e.Index, e.Source, e.Sequence, e.Id, e.Type, e.Version, e.TenderId, e.OccurredAt, e.SecretUntil, new Actor(e.PersonId, e.OrganisationId, e.Role, e.Address), PayloadOf(e.Payload));

    /// <summary>The payload as JSON; one that is none is shown as the text it is.</summary>
    public static JsonElement PayloadOf(string payload)
    {
        try { return JsonSerializer.Deserialize<JsonElement>(payload); }
        catch (JsonException) { return JsonSerializer.SerializeToElement(payload); }
    }
}
