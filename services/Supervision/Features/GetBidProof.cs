using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tendering.Contracts;
using Tendering.ServiceDefaults;
using Tendering.Supervision.Data;

namespace Tendering.Supervision.Features;

/// <summary>
/// The proof that the log holds what a receipt speaks of, for the bidder who submitted, and nobody else; to all others there is no such bid. It tells nothing of
/// other events, not even how many there are.
/// </summary>
public static class GetBidProof
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/bids/{bidId:guid}/proof", Handle)
        .AllowRoles(Roles.Bidder).WithSummary("The log's proof of one's own receipt").WithDescription("C2SP tlog-proof; the opening of the secret entry is in its extra data (docs/formats/log-entries.md).");

    private static async Task<ContentHttpResult> Handle(Guid bidId, Caller caller, HttpContext http, SupervisionDb db, AuditLog log, CancellationToken ct)
    {
        var bidder = caller.Organisation;
        var submission = await db.Events.FromSql($"select e.* from event e join submission s using (index) where s.bid_id = {bidId} and e.organisation_id = {bidder}").AsNoTracking().SingleOrDefaultAsync(ct);
        var proof = await Proofs.OfAsync(log, submission.Or404("bid"), ct);
        http.Response.Headers.CacheControl = "no-store";
        return TypedResults.Content(proof.ToString(), "text/plain; charset=utf-8");
    }
}
