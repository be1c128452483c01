using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tendering.Contracts;
using Tendering.ExpertSelection.Data;
using Tendering.ExpertSelection.Domain;
using Tendering.ServiceDefaults;

namespace Tendering.ExpertSelection.Features;

/// <summary>A party commits to 32 random bytes made on its own device; with the third commitment the reveals open.</summary>
public static class CommitToDraw
{
    public sealed record Request([property: Required, RegularExpression("^[0-9a-f]{64}$")] string Commitment);

    public sealed record Response(string Party, int Round, DrawStage Stage, DateTimeOffset? RevealBy);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/draws/{id:guid}/commitments", Handle)
        .AllowRoles(Roles.Agency, Roles.Centre, Roles.Supervisor).Idempotent<ExpertSelectionDb>()
        .WithSummary("Commit to random bytes for a draw").WithDescription("SHA-256 of 32 random bytes, in hexadecimal. Keep the bytes until all three parties have committed.");

    private static async Task<Ok<Response>> Handle(Guid id, Request request, Caller caller, ExpertSelectionDb db, Secrets secrets, TimeProvider clock, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var draw = (await db.LockDrawAsync(id, ct)).Or404("draw");
        var party = Party.Of(caller, (await db.Lots.AsNoTracking().SingleAsync(l => l.Id == draw.LotId, ct)).Terms!);
        draw.Commit(party, caller.Organisation, request.Commitment, now);
        if (draw.AllCommitted)
        {
            var key = await db.VrfKeys.AsNoTracking().SingleAsync(k => k.PublicKey == draw.VrfPublicKey, ct);
            draw.OpenReveals(key.Open(secrets), now);
        }
        db.PublishWhatHappened(draw, now);
        await db.SaveChangesAsync(ct);
        return TypedResults.Ok(new Response(party, draw.Round, draw.Stage, draw.RevealBy));
    }
}
