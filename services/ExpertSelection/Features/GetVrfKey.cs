using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tendering.ExpertSelection.Data;
using Tendering.ServiceDefaults;

namespace Tendering.ExpertSelection.Features;

/// <summary>The public key of the draws' random function, and since when it stands here.</summary>
public static class GetVrfKey
{
    /// <param name="PublicKey">Compressed P-256 point in hexadecimal, as the draw's record names it.</param>
    public sealed record Response(Guid KeyId, string Suite, string PublicKey, DateTimeOffset PublishedAt);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/vrf-key", Handle).AllowEveryone().WithSummary("The public key of the draws' random function");

    private static async Task<Ok<Response>> Handle(ExpertSelectionDb db, CancellationToken ct)
    {
        var key = (await db.VrfKeys.AsNoTracking().OrderByDescending(k => k.PublishedAt).FirstOrDefaultAsync(ct)).Or404("key yet");
        return TypedResults.Ok(new Response(key.Id, "ECVRF-P256-SHA256-TAI", key.PublicKey, key.PublishedAt));
    }
}
