using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tendering.Bidding.Data;
using Tendering.Contracts;
using Tendering.Contracts.Bidding;
using Tendering.ServiceDefaults;

namespace Tendering.Bidding.Features;

/// <summary>The agency that runs the tender, or a supervisor, decides on a proposed extension. Where it is approved bids are taken again at once, until the new deadline.</summary>
public static class DecideExtension
{
    private const int ReasonMax = 2000;

    public sealed record Request(bool Approved, [property: StringLength(ReasonMax, MinimumLength = 1)] string Reason);
    public sealed record Response(bool Approved, DateTimeOffset BidDeadline);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/extensions/{id:guid}/decision", Handle)
        .AllowRoles(Roles.Agency, Roles.Supervisor).Idempotent<BiddingDb>().WithSummary("Decide on a proposed extension");

    private static async Task<Ok<Response>> Handle(Guid id, Request request, Caller caller, BiddingDb db, TimeProvider clock, CancellationToken ct)
    {
        var known = (await db.Extensions.AsNoTracking().SingleOrDefaultAsync(e => e.Id == id, ct)).Or404("extension");
        var lot = await db.LockLotAsync(known.LotId, ct);
        if (!caller.Is(Roles.Supervisor) && lot.AgencyId != caller.Organisation) throw new ForbiddenException("This is for the agency that runs the tender, or a supervisor.");
        var extension = (await db.Extensions.FromSql($"select * from extension where id = {id} for update").ToListAsync(ct)).Single();
        var now = Moment.Of(clock);
        var deadline = extension.Decide(lot, request.Approved, request.Reason, caller.Person, now);
        db.Publish(new ExtensionDecided(lot.TenderId, lot.Id, id, request.Approved, deadline, request.Reason, now), now);
        await db.SaveChangesAsync(ct);
        return TypedResults.Ok(new Response(request.Approved, deadline));
    }
}
