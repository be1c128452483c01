using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Tendering.Contracts;
using Tendering.ServiceDefaults;
using Tendering.Supervision.Data;

namespace Tendering.Supervision.Features;

/// <summary>All that happened to one tender, in the order of the record.</summary>
public static class GetTimeline
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/tenders/{tenderId:guid}/timeline", Handle)
        .AllowRoles(Roles.Supervisor).WithSummary("All that happened to a tender").WithDescription("Pages by the index of the last item seen: ?after=INDEX.");

    private static async Task<Ok<GetFeed.Item[]>> Handle(
        Guid tenderId, [Range(0, long.MaxValue)] long? after, [Range(1, GetFeed.PageMax)] int? limit, SupervisionDb db, CancellationToken ct) =>
        TypedResults.Ok(await GetFeed.PageAsync(db.Events.Where(e => e.TenderId == tenderId), after, limit, ct));
}
