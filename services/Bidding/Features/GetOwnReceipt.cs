using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tendering.Bidding.Data;
using Tendering.Contracts;
using Tendering.ServiceDefaults;

namespace Tendering.Bidding.Features;

/// <summary>The platform's proof of what it took: of the last submission, or of the revision asked for, also of bids that no longer stand.</summary>
public static class GetOwnReceipt
{
    /// <param name="Proof">Where the audit log's proof of this submission is had, by its bidder alone; supervision answers.</param>
    public sealed record Response(Guid BidId, string Receipt, string Manifest, string Proof);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/lots/{lotId:guid}/receipt", Handle)
        .AllowRoles(Roles.Bidder).WithSummary("The receipt of one's last bid").WithDescription("?revision= gives that of an earlier one.");

    private static async Task<Ok<Response>> Handle(Guid lotId, int? revision, Caller caller, BiddingDb db, CancellationToken ct)
    {
        var own = db.Bids.AsNoTracking().Where(b => b.LotId == lotId && b.BidderId == caller.Organisation);
        if (revision is { } asked) own = own.Where(b => b.Revision == asked);
        return TypedResults.Ok((await own.OrderByDescending(b => b.Revision).Select(b => new Response(b.Id, b.Receipt, b.Manifest, $"/api/supervision/bids/{b.Id}/proof")).FirstOrDefaultAsync(ct)).Or404("receipt"));
    }
}
