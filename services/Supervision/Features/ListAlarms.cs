using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tendering.Contracts;
using Tendering.ServiceDefaults;
using Tendering.Supervision.Data;

namespace Tendering.Supervision.Features;

/// <summary>The alarms, newest first.</summary>
public static class ListAlarms
{
    public const int PageMax = 100;

    public sealed record Item(Guid AlarmId, string Kind, string Source, long? Sequence, string Detail, DateTimeOffset RaisedAt);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/alarms", Handle)
        .AllowRoles(Roles.Supervisor).WithSummary("Alarms, newest first").WithDescription("Pages by the id of the last item seen: ?before=ID.");

    private static async Task<Ok<Item[]>> Handle(Guid? before, [Range(1, PageMax)] int? limit, SupervisionDb db, CancellationToken ct)
    {
        var page = db.Alarms.AsNoTracking();
        if (before is { } last) page = page.Where(a => a.Id.CompareTo(last) < 0);
        return TypedResults.Ok(await page.OrderByDescending(a => a.Id).Take(limit ?? PageMax)
            .Select(a => new Item(a.Id, a.Kind, a.Source, a.Sequence, a.Detail, a.RaisedAt)).ToArrayAsync(ct));
    }
}
