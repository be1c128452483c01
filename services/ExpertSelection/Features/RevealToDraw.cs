using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tendering.Contracts;
using Tendering.ExpertSelection.Data;
using Tendering.ExpertSelection.Domain;
using Tendering.ServiceDefaults;

namespace Tendering.ExpertSelection.Features;

/// <summary>A party shows the bytes it had committed to; the last one completes the draw.</summary>
public static class RevealToDraw
{
    public sealed record Request([property: Required, RegularExpression("^[0-9a-f]{64}$")] string Reveal);

    public sealed record Response(string Party, int Round, DrawStage Stage);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/draws/{id:guid}/reveals", Handle)
        .AllowRoles(Roles.Agency, Roles.Centre, Roles.Supervisor).Idempotent<ExpertSelectionDb>().WithSummary("Reveal the bytes committed to").WithDescription("The 32 bytes in hexadecimal.");

    private static async Task<Ok<Response>> Handle(Guid id, Request request, Caller caller, ExpertSelectionDb db, TimeProvider clock, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var draw = (await db.LockDrawAsync(id, ct)).Or404("draw");
        var party = Party.Of(caller, (await db.Lots.AsNoTracking().SingleAsync(l => l.Id == draw.LotId, ct)).Terms!);
        draw.Reveal(party, request.Reveal, now);
        db.PublishWhatHappened(draw, now);
        await db.SaveChangesAsync(ct);
        return TypedResults.Ok(new Response(party, draw.Round, draw.Stage));
    }
}
