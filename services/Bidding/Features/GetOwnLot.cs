using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tendering.Bidding.Data;
using Tendering.Bidding.Domain;
using Tendering.Contracts;
using Tendering.ServiceDefaults;

namespace Tendering.Bidding.Features;

/// <summary>Where a bidder stands with a lot; of others it learns nothing.</summary>
public static class GetOwnLot
{
    public sealed record StandingBid(Guid BidId, int Revision, string ManifestHash, DateTimeOffset SubmittedAt);
    public sealed record Response(
        LotStage Stage, DateTimeOffset BidDeadline, bool Registered, DateTimeOffset? RegisteredAt, DepositState Deposit, string? DepositReason, int NextRevision, StandingBid? Bid);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/lots/{lotId:guid}", Handle)
        .AllowRoles(Roles.Bidder).WithSummary("One's own state on a lot").WithDescription("Also names the revision that the next bid must have.");

    private static async Task<Ok<Response>> Handle(Guid lotId, Caller caller, BiddingDb db, CancellationToken ct)
    {
        var bidder = caller.Organisation;
        var lot = (await db.Lots.AsNoTracking().SingleOrDefaultAsync(l => l.Id == lotId, ct)).Or404("lot");
        var registration = await db.Registrations.AsNoTracking().SingleOrDefaultAsync(r => r.LotId == lotId && r.BidderId == bidder, ct);
        var deposit = await db.Deposits.AsNoTracking().SingleOrDefaultAsync(d => d.LotId == lotId && d.BidderId == bidder, ct);
        var standing = await db.Standings.AsNoTracking().SingleOrDefaultAsync(s => s.LotId == lotId && s.BidderId == bidder, ct);
        var bid = standing?.BidId is { } id
            ? await db.Bids.Where(b => b.Id == id).Select(b => new StandingBid(b.Id, b.Revision, b.ManifestHash, b.SubmittedAt)).SingleAsync(ct) : null;
        return TypedResults.Ok(new Response(lot.Stage, lot.BidDeadline, registration is not null, registration?.RegisteredAt, deposit?.State ?? DepositState.None, deposit?.Reason,
            (standing?.Revision ?? 0) + 1, bid));
    }
}
