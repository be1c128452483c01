using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tendering.Bidding.Data;
using Tendering.Contracts;
using Tendering.Contracts.Bidding;
using Tendering.ServiceDefaults;

namespace Tendering.Bidding.Features;

/// <summary>A bidder takes its standing bid back before the deadline (撤回); it may submit again with a higher revision.</summary>
public static class WithdrawBid
{
    public sealed record Response(Guid BidId, int NextRevision, DateTimeOffset WithdrawnAt);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/lots/{lotId:guid}/bids/withdrawal", Handle)
        .AllowRoles(Roles.Bidder).Idempotent<BiddingDb>().WithSummary("Withdraw one's standing bid");

    private static async Task<Ok<Response>> Handle(Guid lotId, Caller caller, BiddingDb db, TimeProvider clock, CancellationToken ct)
    {
        var bidder = caller.Organisation;
        var lot = await db.ShareLotAsync(lotId, ct);
        var standing = (await db.Standings.FromSql($"select * from standing where lot_id = {lotId} and bidder_id = {bidder} for update").ToListAsync(ct)).SingleOrDefault();
        var now = Moment.Of(clock);
        lot.RequireInTime(now, "late-withdrawal", "a bid cannot be withdrawn after it.");
        Rule.Require(standing?.BidId is not null, "no-standing-bid", "Your organisation has no bid on this lot that could be withdrawn.");
        var bid = standing!.BidId!.Value;
        standing.Withdraw();
        db.Publish(new BidWithdrawn(lot.TenderId, lotId, bid, bidder, standing.Revision, now), now);
        await db.SaveChangesAsync(ct);
        return TypedResults.Ok(new Response(bid, standing.Revision + 1, now));
    }
}
