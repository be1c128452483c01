using System.Buffers;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.EntityFrameworkCore;
using Tendering.Bidding.Data;
using Tendering.Bidding.Domain;
using Tendering.Contracts;
using Tendering.ServiceDefaults;

namespace Tendering.Bidding.Features;

/// <summary>
/// The next block of an upload. It is read whole before the upload's row is locked: two calls at one offset cannot mix their bytes,
/// and a slow line holds no lock. Its hash and the bytes on disk are there before the offset moves.
/// </summary>
public static class ContinueUpload
{
    public const string OffsetHeader = "Upload-Offset";
    private static readonly MinDataRate Slowest = new(bytesPerSecond: 4 * 1024, gracePeriod: TimeSpan.FromSeconds(20));

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPut("/uploads/{id:guid}", Handle)
        .AllowRoles(Roles.Bidder).WithMetadata(new RequestSizeLimitAttribute(Upload.BlockMax))
        .WithSummary("Send the next block of an upload").WithDescription($"?offset= must be what was received so far; otherwise 409 with the right offset in {OffsetHeader}.");

    private static async Task<IResult> Handle(Guid id, long offset, HttpContext http, Caller caller, BiddingDb db, IBlobStore store, BlockGate gate, TimeProvider clock, CancellationToken ct)
    {
        var known = (await db.Uploads.AsNoTracking().SingleOrDefaultAsync(u => u.Id == id && u.BidderId == caller.Organisation, ct)).Or404("upload");
        var lot = await db.Lots.AsNoTracking().SingleAsync(l => l.Id == known.LotId, ct);
        lot.RequireInTime(clock.GetUtcNow(), "late-bid", "nothing is taken after it.");
        if (known.Received != offset) return Elsewhere(http, known.Received);
        using var lease = await gate.EnterAsync(caller.Organisation, ct);
        if (!lease.IsAcquired) return TypedResults.StatusCode(StatusCodes.Status429TooManyRequests);
        var block = ArrayPool<byte>.Shared.Rent(known.NextLength);
        try
        {
            await ReadAsync(http, block.AsMemory(0, known.NextLength), ct);
            return await AppendAsync(id, offset, block.AsMemory(0, known.NextLength), http, db, store, ct);
        }
        finally { ArrayPool<byte>.Shared.Return(block); }
    }

    private static async Task<IResult> AppendAsync(Guid id, long offset, Memory<byte> block, HttpContext http, BiddingDb db, IBlobStore store, CancellationToken ct)
    {
        var hash = SHA256.HashData(block.Span);
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        var upload = (await db.Uploads.FromSql($"select * from upload where id = {id} for update").ToListAsync(ct)).Single();
        if (upload.Received != offset) return Elsewhere(http, upload.Received);
        await store.WriteAsync(upload.StorageKey, offset, new MemoryStream(block.ToArray(), writable: false), block.Length, ct);
        var hashes = await db.UploadBlocks.AsNoTracking().Where(b => b.UploadId == id).OrderBy(b => b.Number).Select(b => b.Sha256).ToListAsync(ct);
        db.Add(new UploadBlock { UploadId = id, Number = upload.NextBlock, Sha256 = hash });
        upload.Append(block.Length, [.. hashes, hash]);
        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
        http.Response.Headers[OffsetHeader] = upload.Received.ToString(System.Globalization.CultureInfo.InvariantCulture);
        return TypedResults.NoContent();
    }

    private static async Task ReadAsync(HttpContext http, Memory<byte> block, CancellationToken ct)
    {
        if (http.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate) rate.MinDataRate = Slowest;
        var read = await http.Request.Body.ReadAtLeastAsync(block, block.Length, throwOnEndOfStream: false, ct);
        if (read < block.Length || await http.Request.Body.ReadAsync(new byte[1], ct) > 0)
            throw new MalformedException("body", $"Exactly {block.Length} bytes are expected at this offset.");
    }

    private static ProblemHttpResult Elsewhere(HttpContext http, long received)
    {
        http.Response.Headers[OffsetHeader] = received.ToString(System.Globalization.CultureInfo.InvariantCulture);
        return TypedResults.Problem(statusCode: 409, type: "/problems/offset", title: $"The next byte that is expected is {received}: go on there.",
            extensions: new Dictionary<string, object?> { ["code"] = "offset", ["received"] = received });
    }
}
