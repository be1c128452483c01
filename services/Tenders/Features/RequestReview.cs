using Microsoft.AspNetCore.Http.HttpResults;
using Tendering.Contracts;
using Tendering.Contracts.Tenders;
using Tendering.ServiceDefaults;
using Tendering.Tenders.Data;

namespace Tendering.Tenders.Features;

/// <summary>The agency puts its draft before the two reviewing authorities.</summary>
public static class RequestReview
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/{tenderId:guid}/review-requests", Handle)
        .AllowRoles(Roles.Agency).Idempotent<TendersDb>().WithSummary("Ask for the dual review");

    private static async Task<NoContent> Handle(Guid tenderId, Caller caller, TendersDb db, TimeProvider clock, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var tender = await db.OwnAsync(tenderId, caller, ct);
        tender.RequestReview();
        db.Publish(new ReviewRequested(tender.Id, tender.Title, tender.AgencyId, tender.DocumentsHash, now), now);
        await db.SaveChangesAsync(ct);
        return TypedResults.NoContent();
    }
}
