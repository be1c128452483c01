using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tendering.Bidding.Data;
using Tendering.Contracts;
using Tendering.Contracts.Bidding;
using Tendering.Protocols;
using Tendering.ServiceDefaults;

namespace Tendering.Bidding.Features;

/// <summary>A bidder takes part in a lot (投标登记). Who is debarred at this moment is refused with the decision.</summary>
public static class RegisterForLot
{
    public sealed record Response(DateTimeOffset RegisteredAt);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/lots/{lotId:guid}/registrations", Handle)
        .AllowRoles(Roles.Bidder).Idempotent<BiddingDb>().WithSummary("Register for a lot").WithDescription("Once per organisation and lot, before the deadline; secret until the opening.");

    private static async Task<Created<Response>> Handle(Guid lotId, Caller caller, BiddingDb db, TimeProvider clock, CancellationToken ct)
    {
        var bidder = caller.Organisation;
        var lot = await db.ShareLotAsync(lotId, ct);
        var now = Moment.Of(clock);
        lot.RequireInTime(now, "late-registration", "nobody registers after it.");
        var organisation = await db.Organisations.AsNoTracking().SingleOrDefaultAsync(o => o.Id == bidder, ct);
        Rule.Require(organisation is not null, "organisation-unknown", "Your organisation's registration has not arrived here yet: repeat in a moment.");
        var debarments = await db.Debarments.AsNoTracking().Where(d => d.SocialCreditCode == organisation!.SocialCreditCode).ToListAsync(ct);
        if (debarments.FirstOrDefault(d => d.Bars(now)) is { } debarment)
            lot.Require(false, "debarred", $"Your organisation is debarred until {debarment.ValidUntil:u} by decision {debarment.DecisionNumber}: {debarment.Reason}.", RuleKey.MarketEntry);

        var first = await db.Database.ExecuteSqlAsync($"insert into registration (lot_id, bidder_id, registered_at) values ({lotId}, {bidder}, {now}) on conflict do nothing", ct);
        Rule.Require(first == 1, "already-registered", "Your organisation is registered for this lot already.");
        db.Publish(new BidderRegistered(lot.TenderId, lot.Id, bidder, organisation!.Name, organisation.SocialCreditCode, now), now);
        await db.SaveChangesAsync(ct);
        return TypedResults.Created($"/api/bidding/lots/{lotId}", new Response(now));
    }
}
