using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Tendering.Contracts;
using Tendering.Evaluation.Data;
using Tendering.ServiceDefaults;

namespace Tendering.Evaluation.Features;

/// <summary>A member that disagrees with the report says why in writing in the place of a signature (条53).</summary>
public static class RefuseToSign
{
    public sealed record Request([property: Required, StringLength(2000, MinimumLength = 1)] string Reason);

    public sealed record Response(int Remaining);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/lots/{lotId:guid}/refusals", Handle)
        .AllowRoles(Roles.Expert).Idempotent<EvaluationDb>().WithSummary("Refuse to sign, with a written reason").WithDescription("Who neither signs nor gives a reason counts as agreeing.");

    private static async Task<Ok<Response>> Handle(Guid lotId, Request request, Caller caller, EvaluationDb db, TimeProvider clock, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var (evaluation, member) = await Committee.LockAsync(db, lotId, caller, ct);
        evaluation.Refuse(member, request.Reason, now);
        await Committee.PublishCompletionAsync(db, evaluation, now, ct);
        await db.SaveChangesAsync(ct);
        return TypedResults.Ok(new Response(evaluation.Remaining));
    }
}
