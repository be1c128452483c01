using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Tendering.Contracts;
using Tendering.ExpertSelection.Data;
using Tendering.ServiceDefaults;

namespace Tendering.ExpertSelection.Features;

/// <summary>The trading centre takes an expert out of future draws, or back in, with the reason.</summary>
public static class SetExpertStatus
{
    public sealed record Request(bool Active, [property: StringLength(500, MinimumLength = 1)] string Reason);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/experts/{id:guid}/status", Handle)
        .AllowRoles(Roles.Centre).Idempotent<ExpertSelectionDb>().WithSummary("Set an expert active or inactive").WithDescription("A pool that is frozen already does not change.");

    private static async Task<NoContent> Handle(Guid id, Request request, ExpertSelectionDb db, CancellationToken ct)
    {
        var expert = (await db.Experts.FindAsync([id], ct)).Or404("expert");
        expert.Set(request.Active, request.Reason);
        await db.SaveChangesAsync(ct);
        return TypedResults.NoContent();
    }
}
