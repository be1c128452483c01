using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tendering.BidOpening.Data;
using Tendering.BidOpening.Domain;
using Tendering.Contracts;
using Tendering.ServiceDefaults;

namespace Tendering.BidOpening.Features;

/// <summary>A custodian's person fetches the manifests of all bids at once, and opens its shares in them on its own device.</summary>
public static class GetSealedShares
{
    public sealed record Item(Guid BidId, string Manifest);
    public sealed record Response(int CustodianIndex, Item[] Bids);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/lots/{lotId:guid}/sealed-shares", Handle)
        .AllowRoles(Roles.Agency, Roles.Centre, Roles.Supervisor).WithSummary("A custodian's sealed shares of all bids").WithDescription("From the start of the opening on; 404 before.");

    private static async Task<Ok<Response>> Handle(Guid lotId, Caller caller, BidOpeningDb db, CancellationToken ct)
    {
        var session = await db.Sessions.AsNoTracking().SingleOrDefaultAsync(s => s.Id == lotId, ct);
        var custodian = CustodianOf(session, caller);
        return TypedResults.Ok(new Response(custodian.Index, await db.Bids.Where(b => b.LotId == lotId && b.Fact != OpeningFact.ManifestDiffers).OrderBy(b => b.Place).Select(b => new Item(b.Id, b.Manifest)).ToArrayAsync(ct)));
    }

    /// <summary>The caller's seat among the custodians of an opening that has started.</summary>
    internal static Custodian CustodianOf(OpeningSession? session, Caller caller)
    {
        if (session is not { IsPublic: true, Notice: { } notice }) throw new NotFoundException("opening");
        return notice.Custodians.FirstOrDefault(c => c.OrganisationId == caller.Organisation) ?? throw new ForbiddenException("Your organisation is no custodian of this tender.");
    }
}
