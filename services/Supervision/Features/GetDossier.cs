using Microsoft.AspNetCore.Http.HttpResults;
using Tendering.Contracts;
using Tendering.ServiceDefaults;
using Tendering.Supervision.Data;

namespace Tendering.Supervision.Features;

/// <summary>Everything the record holds about a tender as one signed file that can be checked without this platform.</summary>
public static class GetDossier
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/tenders/{tenderId:guid}/dossier", Handle)
        .AllowRoles(Roles.Supervisor).WithSummary("A tender's dossier as one signed file").WithDescription("JSON Lines, docs/formats/dossier.md; for `verify tender`.");

    private static async Task<PushStreamHttpResult> Handle(Guid tenderId, AuditLog log, TimeProvider clock, CancellationToken ct)
    {
        var dossier = (await Dossier.FindAsync(log, tenderId, ct)).Or404("tender");
        return TypedResults.Stream(output => dossier.WriteAsync(output, clock.GetUtcNow(), ct), "application/jsonl", $"{tenderId}.dossier.jsonl");
    }
}
