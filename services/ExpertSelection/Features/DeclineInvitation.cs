using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Tendering.Contracts;
using Tendering.ExpertSelection.Data;
using Tendering.ServiceDefaults;

namespace Tendering.ExpertSelection.Features;

/// <summary>An invited expert gives its seat up, with the reason; the next index of the same sequence takes it.</summary>
public static class DeclineInvitation
{
    public sealed record Request([property: StringLength(500, MinimumLength = 1)] string Reason);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/draws/{id:guid}/decline", Handle)
        .AllowRoles(Roles.Expert).Idempotent<ExpertSelectionDb>().WithSummary("Decline a seat on a committee").WithDescription("A conflict of interest is a reason that must be told.");

    private static async Task<NoContent> Handle(Guid id, Request request, Caller caller, ExpertSelectionDb db, TimeProvider clock, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var (draw, expert) = await Invitation.FindAsync(db, id, caller, ct);
        draw.Decline(expert, request.Reason, now);
        db.PublishWhatHappened(draw, now);
        await db.SaveChangesAsync(ct);
        return TypedResults.NoContent();
    }
}
