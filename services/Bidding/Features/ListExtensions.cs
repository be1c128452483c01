using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tendering.Bidding.Data;
using Tendering.Contracts.Bidding;
using Tendering.ServiceDefaults;

namespace Tendering.Bidding.Features;

/// <summary>What everybody may know of outages before a lot's deadline: the proposed extensions with their signed evidence, and what was decided.</summary>
public static class ListExtensions
{
    public sealed record Item(
        Guid ExtensionId, DateTimeOffset Deadline, DateTimeOffset ProposedDeadline, ReportedOutage[] Outages, DateTimeOffset ProposedAt, DateTimeOffset HeldUntil, bool? Approved, string? Reason,
        DateTimeOffset? DecidedAt);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/lots/{lotId:guid}/extensions", Handle)
        .AllowEveryone().WithSummary("Extensions proposed for a lot because bidding could not be reached").WithDescription("The heartbeats on both sides of each outage are signed by the receipt key.");

    private static async Task<Ok<Item[]>> Handle(Guid lotId, BiddingDb db, CancellationToken ct)
    {
        var extensions = await db.Extensions.AsNoTracking().Where(e => e.LotId == lotId).OrderBy(e => e.ProposedAt).ToListAsync(ct);
        return TypedResults.Ok(extensions.Select(e => new Item(e.Id, e.Deadline, e.ProposedDeadline, e.Outages, e.ProposedAt, e.HeldUntil, e.Approved, e.Reason, e.DecidedAt)).ToArray());
    }
}
