using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Tendering.Contracts;
using Tendering.Contracts.Credit;
using Tendering.Credit.Data;
using Tendering.ServiceDefaults;

namespace Tendering.Credit.Features;

/// <summary>A supervisor ends a debarment before its time, with the reason.</summary>
public static class LiftDebarment
{
    public sealed record Request([property: StringLength(1000, MinimumLength = 1)] string Reason);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/debarments/{id:guid}/lifting", Handle)
        .AllowRoles(Roles.Supervisor).Idempotent<CreditDb>().WithSummary("Lift a debarment");

    private static async Task<NoContent> Handle(Guid id, Request request, CreditDb db, TimeProvider clock, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var debarment = (await db.Debarments.FindAsync([id], ct)).Or404("debarment");
        debarment.Lift(request.Reason, now);
        db.Publish(new DebarmentEnded(debarment.Id, debarment.SocialCreditCode, request.Reason, now), now);
        await db.SaveChangesAsync(ct);
        return TypedResults.NoContent();
    }
}
