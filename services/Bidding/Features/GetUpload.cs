using Microsoft.EntityFrameworkCore;
using Tendering.Bidding.Data;
using Tendering.Contracts;
using Tendering.ServiceDefaults;

namespace Tendering.Bidding.Features;

/// <summary>How far an upload has come (tus: HEAD), so that it can be resumed.</summary>
public static class GetUpload
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapMethods("/uploads/{id:guid}", [HttpMethods.Head], Handle)
        .AllowRoles(Roles.Bidder).SpeaksTus().WithSummary("How far an upload of one's own has come (tus: HEAD)");

    private static async Task<IResult> Handle(Guid id, HttpContext http, Caller caller, BiddingDb db, CancellationToken ct)
    {
        var upload = (await db.Uploads.AsNoTracking().SingleOrDefaultAsync(u => u.Id == id && u.BidderId == caller.Organisation, ct)).Or404("upload");
        if (upload.RemovedAt is not null) return TypedResults.StatusCode(StatusCodes.Status410Gone);
        http.Response.Headers[Tus.Offset] = Tus.Text(upload.Received);
        http.Response.Headers[Tus.Length] = Tus.Text(upload.Length);
        http.Response.Headers[Tus.Metadata] = Tus.MetadataFor(upload);
        Tus.ShowExpiry(http, upload.NextDueAt);
        return TypedResults.Ok();
    }
}
