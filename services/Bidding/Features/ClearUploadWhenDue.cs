using Microsoft.EntityFrameworkCore;
using Tendering.Bidding.Data;
using Tendering.ServiceDefaults;

namespace Tendering.Bidding.Features;

/// <summary>
/// Gives up what nobody goes on with or submitted. First the row says that the upload is gone, and only the next moment deletes its bytes: a crash
/// between repeats the deletion, and never leaves an upload that seems to be there without its bytes.
/// </summary>
public static class ClearUploadWhenDue
{
    public static async Task Handle(Guid id, BiddingDb db, IServiceProvider services, DateTimeOffset now, CancellationToken ct)
    {
        now = Moment.Of(now);
        var upload = await db.Uploads.SingleAsync(u => u.Id == id, ct);
        // Before the bids are asked: where the lot is closed already, every bid that could name the upload is there to be seen.
        var lot = await db.Lots.AsNoTracking().SingleAsync(l => l.Id == upload.LotId, ct);
        if (!upload.Due(await db.IsNamedAsync(upload, ct), lot, now)) return;
        await services.GetRequiredKeyedService<IBlobStore>(BiddingService.Name).DeleteAsync(upload.StorageKey, ct);
        await db.UploadBlocks.Where(b => b.UploadId == id).ExecuteDeleteAsync(ct);
    }
}
