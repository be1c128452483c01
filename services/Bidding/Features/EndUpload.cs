using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tendering.Bidding.Data;
using Tendering.Contracts;
using Tendering.ServiceDefaults;

namespace Tendering.Bidding.Features;

/// <summary>A bidder ends an upload that no bid of its names (tus: termination). Nobody's submission waits for it: one that names the upload at the same moment and is taken keeps it.</summary>
public static class EndUpload
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapDelete("/uploads/{id:guid}", Handle)
        .AllowRoles(Roles.Bidder).SpeaksTus().ProducesProblem(409).WithSummary("End an upload (tus: termination)");

    private static async Task<NoContent> Handle(Guid id, Caller caller, BiddingDb db, TimeProvider clock, CancellationToken ct)
    {
        var bidder = caller.Organisation;
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        var upload = (await db.Uploads.FromSql($"select * from upload where id = {id} and bidder_id = {bidder} and removed_at is null for update").ToListAsync(ct)).SingleOrDefault().Or404("upload");
        Rule.Require(!await db.IsNamedAsync(upload, ct), "upload-in-use", "A bid of your organisation names this upload: it is kept.");
        upload.Remove(Moment.Of(clock));
        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
        return TypedResults.NoContent();
    }
}
