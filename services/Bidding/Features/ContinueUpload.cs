using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Tendering.Bidding.Data;
using Tendering.Bidding.Domain;
using Tendering.Contracts;
using Tendering.ServiceDefaults;

namespace Tendering.Bidding.Features;

/// <summary>More bytes of an upload (tus: PATCH), at the offset where it ends. One writer at a time, whichever instance it calls: the second gets 423.</summary>
public static class ContinueUpload
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPatch("/uploads/{id:guid}", Handle)
        .AllowRoles(Roles.Bidder).SpeaksTus().WithMetadata(new RequestSizeLimitAttribute(Receiving.BodyMax)).ProducesProblem(409).ProducesProblem(423)
        .WithSummary("Send more of an upload (tus: PATCH)").WithDescription("At Upload-Offset, as application/offset+octet-stream, with Upload-Checksum (sha256 or sha1) if wished; 460 if that differs.");

    private static async Task<IResult> Handle(
        Guid id, HttpContext http, Caller caller, BiddingDb db, [FromKeyedServices(BiddingService.Name)] NpgsqlDataSource database, Receiving receiving, Known known, TimeProvider clock, CancellationToken ct)
    {
        if (http.Request.ContentType != Tus.Content) return Tus.Refused(StatusCodes.Status415UnsupportedMediaType, "unsupported-media-type", $"Bytes of an upload come as {Tus.Content}.");
        if (Tus.Number(http, Tus.Offset) is not { } offset) throw new MalformedException(Tus.Offset, "A whole number of bytes is expected.");
        var upload = (await db.Uploads.AsNoTracking().SingleOrDefaultAsync(u => u.Id == id && u.BidderId == caller.Organisation, ct)).Or404("upload");
        if (upload.RemovedAt is not null) return Tus.Refused(StatusCodes.Status410Gone, "upload-removed", "The upload was ended or given up: begin a new one.");
        var lot = await known.LotAsync(upload.LotId, clock.GetUtcNow(), ct);
        lot.RequireInTime(clock.GetUtcNow(), "late-bid", "nothing is taken after it.");
        await using var hold = await UploadHold.TakeAsync(database, id, ct);
        if (hold is null) return Tus.Refused(StatusCodes.Status423Locked, "upload-locked", "Another call writes to this upload at the moment: ask for its offset in a while and go on.");
        if (hold.Received == offset) return await receiving.ReceiveAsync(http, upload, lot, hold, StatusCodes.Status204NoContent, ct);
        http.Response.Headers[Tus.Offset] = Tus.Text(hold.Received);
        return Tus.Refused(StatusCodes.Status409Conflict, "offset", $"The next byte that is expected is {hold.Received}: go on there.");
    }
}
