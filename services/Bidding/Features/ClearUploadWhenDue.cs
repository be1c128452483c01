using Microsoft.EntityFrameworkCore;
using Tendering.Bidding.Data;
using Tendering.Bidding.Domain;
using Tendering.ServiceDefaults;

namespace Tendering.Bidding.Features;

/// <summary>
/// Gives up what nobody goes on with or submitted. First the row says that the upload is gone, and only a later moment deletes its bytes: a crash between repeats the deletion, and
/// never leaves an upload that seems to be there without its bytes. That moment waits for every submission that was under way when the row said so: one that names the upload keeps it.
/// </summary>
public static class ClearUploadWhenDue
{
    public static async Task Handle(Guid id, BiddingDb db, IServiceProvider services, DateTimeOffset now, CancellationToken ct)
    {
        now = Moment.Of(now);
        var upload = await db.Uploads.SingleAsync(u => u.Id == id, ct);
        if (upload.RemovedAt is null) await JudgeAsync(upload, db, services, now, ct);
        // Whether it is alone is asked before the bids are: what was under way then can be seen now.
        else if (upload.RemovedDue(await IsAloneAsync(id, db, ct), await db.IsNamedAsync(upload, ct), now))
        {
            await services.GetRequiredKeyedService<IBlobStore>(BiddingService.Name).DeleteAsync(upload.StorageKey, ct);
            await db.UploadBlocks.Where(b => b.UploadId == id).ExecuteDeleteAsync(ct);
        }
    }

    private static async Task JudgeAsync(Upload upload, BiddingDb db, IServiceProvider services, DateTimeOffset now, CancellationToken ct)
    {
        // The outage that has just ended is noted first: it may be why nobody went on.
        if (!services.GetRequiredService<NodeClock>().IsInStep) throw new InvalidOperationException("This node's clock is not known to agree with the database's: it gives up no upload.");
        await services.GetRequiredService<OutageWatch>().BeatAsync(ct);
        var outageUntil = (await db.Database.SqlQuery<DateTimeOffset?>($"select max(until_at) as \"Value\" from outage").ToListAsync(ct)).Single();
        // Before the bids are asked: where the lot is closed already, every bid that could name the upload is there to be seen.
        var lot = await db.Lots.AsNoTracking().SingleAsync(l => l.Id == upload.LotId, ct);
        upload.Due(await db.IsNamedAsync(upload, ct), lot, outageUntil, now);
    }

    // The first look notes up to which transaction somebody may have found the upload; from then on they only end.
    private static async Task<bool> IsAloneAsync(Guid id, BiddingDb db, CancellationToken ct)
    {
        await db.Database.ExecuteSqlAsync($"update upload set fence = pg_snapshot_xmax(pg_current_snapshot()) where id = {id} and fence is null", ct);
        return (await db.Database.SqlQuery<bool>($"select not exists (select 1 from pg_snapshot_xip(pg_current_snapshot()) as other (xid) where other.xid < fence) as \"Value\" from upload where id = {id}").ToListAsync(ct)).Single();
    }
}
