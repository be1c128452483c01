using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tendering.BidOpening.Data;
using Tendering.ServiceDefaults;

namespace Tendering.BidOpening.Features;

/// <summary>The public key of the random function that draws coefficients, and since when it stands here.</summary>
public static class GetCoefficientKey
{
    /// <param name="PublicKey">Compressed P-256 point in hexadecimal, as the opening record names it.</param>
    public sealed record Response(Guid KeyId, string Suite, string PublicKey, DateTimeOffset PublishedAt);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/coefficient-key", Handle).AllowEveryone().WithSummary("The public key of the random function that draws coefficients");

    private static async Task<Ok<Response>> Handle(BidOpeningDb db, CancellationToken ct)
    {
        var key = (await db.VrfKeys.AsNoTracking().OrderByDescending(k => k.PublishedAt).FirstOrDefaultAsync(ct)).Or404("key yet");
        return TypedResults.Ok(new Response(key.Id, "ECVRF-P256-SHA256-TAI", key.PublicKey, key.PublishedAt));
    }
}
