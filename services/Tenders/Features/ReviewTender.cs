using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Tendering.Contracts;
using Tendering.Contracts.Tenders;
using Tendering.ServiceDefaults;
using Tendering.Tenders.Data;

namespace Tendering.Tenders.Features;

/// <summary>An authority decides its step of the dual review (双审制).</summary>
public static class ReviewTender
{
    public sealed record Request([property: Range(1, 2)] int Step, bool Approved, [property: Required, StringLength(2000, MinimumLength = 1)] string Opinion);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/{tenderId:guid}/reviews", Handle)
        .AllowRoles(Roles.Supervisor).Idempotent<TendersDb>()
        .WithSummary("Review a draft").WithDescription("Step 1 is the industry authority's, step 2 the tendering office's. A rejection sends the draft back.");

    private static async Task<NoContent> Handle(Guid tenderId, Request request, Caller caller, TendersDb db, TimeProvider clock, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var tender = (await db.LockAsync(tenderId, ct)).Or404("tender");
        var authority = await db.Organisations.FindAsync([caller.Organisation], ct);
        tender.Decide(request.Step, caller.Organisation, authority?.SocialCreditCode, caller.Person, request.Approved, request.Opinion, now);
        db.Publish(new ReviewDecided(tender.Id, request.Step, caller.Organisation, request.Approved, request.Opinion, now), now);
        await db.SaveChangesAsync(ct);
        return TypedResults.NoContent();
    }
}
