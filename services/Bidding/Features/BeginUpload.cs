using Microsoft.EntityFrameworkCore;
using Npgsql;
using Tendering.Bidding.Data;
using Tendering.Bidding.Domain;
using Tendering.Contracts;
using Tendering.ServiceDefaults;

namespace Tendering.Bidding.Features;

/// <summary>A registered bidder announces a ciphertext (tus: creation, with or without first bytes); it comes beforehand and costs nothing at the deadline.</summary>
public static class BeginUpload
{
    private const int LockClass = 727003;

    // No Idempotency-Key: clients of the protocol know none, and an upload that was begun twice is empty and given up.
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/lots/{lotId:guid}/uploads", Handle)
        .AllowRoles(Roles.Bidder).SpeaksTus().WithMetadata(new Microsoft.AspNetCore.Mvc.RequestSizeLimitAttribute(Receiving.BodyMax)).ProducesProblem(409)
        .WithSummary("Begin an upload (tus: creation)").WithDescription("Upload-Length in bytes, and Upload-Metadata with 'part' (price or files, in base64). The answer's Location is the upload.");

    private static async Task<IResult> Handle(
        Guid lotId, HttpContext http, Caller caller, BiddingDb db, [FromKeyedServices(BiddingService.Name)] NpgsqlDataSource database, Receiving receiving, Known known, TimeProvider clock, CancellationToken ct)
    {
        var (bidder, now) = (caller.Organisation, Moment.Of(clock));
        if (http.Request.Headers.ContainsKey(Tus.DeferLength)) throw new MalformedException(Tus.DeferLength, "The length of a ciphertext is known: announce it.");
        if (Tus.Number(http, Tus.Length) is not { } length || length == 0) throw new MalformedException(Tus.Length, "A whole number of bytes, 1 or more, is expected.");
        if (Tus.MetadataOf(http, "part") is not { } part || Upload.LengthMax(part) is not { } max) throw new MalformedException(Tus.Metadata, "The metadata 'part' is price or files, in base64.");
        if (length > max) return Tus.Refused(StatusCodes.Status413PayloadTooLarge, "content-too-long", $"The part {part} has at most {max} bytes of ciphertext.");

        var lot = await known.LotAsync(lotId, now, ct);
        lot.RequireInTime(now, "late-bid", "nothing is taken after it.");
        Rule.Require(await db.Registrations.AnyAsync(r => r.LotId == lotId && r.BidderId == bidder, ct), "not-registered", "Register for the lot before you upload for it.");
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        // One after the other: two that count at once would both find room.
        await db.Database.ExecuteSqlAsync($"select pg_advisory_xact_lock({LockClass}, hashtext({lotId}::text || {bidder}::text))", ct);
        Rule.Require(await db.Uploads.CountAsync(u => u.LotId == lotId && u.BidderId == bidder && u.RemovedAt == null, ct) < Upload.UploadsMax, "too-many-uploads",
            $"At most {Upload.UploadsMax} uploads are kept for a bidder and lot: end those that you do not need.");
        var upload = Upload.Begin(lotId, bidder, part, length, now);
        db.Add(upload);
        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
        await known.MakeReadyAsync(bidder, now, ct);

        http.Response.Headers.Location = $"/api/bidding/uploads/{upload.Id}";
        Tus.ShowExpiry(http, upload.NextDueAt);
        if (http.Request.ContentType != Tus.Content) return TypedResults.StatusCode(StatusCodes.Status201Created);
        await using var hold = await UploadHold.TakeAsync(database, upload.Id, ct);
        return await receiving.ReceiveAsync(http, upload, lot, hold!, StatusCodes.Status201Created, ct);
    }
}
