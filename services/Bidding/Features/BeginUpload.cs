using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tendering.Bidding.Data;
using Tendering.Bidding.Domain;
using Tendering.Contracts;
using Tendering.ServiceDefaults;

namespace Tendering.Bidding.Features;

/// <summary>A registered bidder announces a ciphertext; it comes block by block and costs nothing at the deadline.</summary>
public static class BeginUpload
{
    public sealed record Request([property: RegularExpression("^(price|files)$")] string Part, [property: Range(1, long.MaxValue)] long Length);
    public sealed record Response(Guid UploadId, int ChunkMax);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/lots/{lotId:guid}/uploads", Handle)
        .AllowRoles(Roles.Bidder).Idempotent<BiddingDb>().WithSummary("Begin an upload").WithDescription("Each call then brings exactly chunkMax bytes, the last one what is left.");

    private static async Task<Created<Response>> Handle(Guid lotId, Request request, Caller caller, BiddingDb db, TimeProvider clock, CancellationToken ct)
    {
        var (bidder, now) = (caller.Organisation, Moment.Of(clock));
        var lot = (await db.Lots.AsNoTracking().SingleOrDefaultAsync(l => l.Id == lotId, ct)).Or404("lot");
        lot.RequireInTime(now, "late-bid", "nothing is taken after it.");
        Rule.Require(await db.Registrations.AnyAsync(r => r.LotId == lotId && r.BidderId == bidder, ct), "not-registered", "Register for the lot before you upload for it.");
        Rule.Require(await db.Uploads.CountAsync(u => u.LotId == lotId && u.BidderId == bidder, ct) < Upload.UploadsMax, "too-many-uploads",
            $"At most {Upload.UploadsMax} uploads are kept for a bidder and lot.");
        var upload = Upload.Begin(lotId, bidder, request.Part, request.Length, now);
        db.Add(upload);
        await db.SaveChangesAsync(ct);
        return TypedResults.Created($"/api/bidding/uploads/{upload.Id}", new Response(upload.Id, Upload.BlockMax));
    }
}
