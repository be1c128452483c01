using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tendering.Bidding.Data;
using Tendering.ServiceDefaults;

namespace Tendering.Bidding.Features;

/// <summary>What everybody may know of the closing: that the list is fixed, by its hash.</summary>
public static class GetClosing
{
    public sealed record Response(string ClosingListHash, DateTimeOffset ClosedAt);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/lots/{lotId:guid}/closing", Handle).AllowEveryone().WithSummary("The hash of the closing list, once bidding is closed");

    private static async Task<Ok<Response>> Handle(Guid lotId, BiddingDb db, CancellationToken ct)
    {
        var closing = await db.Lots.Where(l => l.Id == lotId && l.ClosedAt != null).Select(l => new Response(l.ClosingListHash!, l.ClosedAt!.Value)).SingleOrDefaultAsync(ct);
        return TypedResults.Ok(closing.Or404("closing"));
    }
}
