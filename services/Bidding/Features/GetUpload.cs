using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tendering.Bidding.Data;
using Tendering.Contracts;
using Tendering.ServiceDefaults;

namespace Tendering.Bidding.Features;

/// <summary>How far an upload has come, so that it can be resumed.</summary>
public static class GetUpload
{
    public sealed record Response(string Part, long Length, long Received);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/uploads/{id:guid}", Handle).AllowRoles(Roles.Bidder).WithSummary("How far an upload of one's own has come");

    private static async Task<Ok<Response>> Handle(Guid id, Caller caller, BiddingDb db, CancellationToken ct)
    {
        var upload = (await db.Uploads.AsNoTracking().SingleOrDefaultAsync(u => u.Id == id && u.BidderId == caller.Organisation, ct)).Or404("upload");
        return TypedResults.Ok(new Response(upload.Part, upload.Length, upload.Received));
    }
}
