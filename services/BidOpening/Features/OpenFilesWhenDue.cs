using Microsoft.EntityFrameworkCore;
using Tendering.BidOpening.Data;
using Tendering.BidOpening.Domain;
using Tendering.ServiceDefaults;

namespace Tendering.BidOpening.Features;

/// <summary>
/// Opened bids' archives are decrypted in the background, as many at once as there are cores, up to a limit: while one is hashed another waits for its disk. What
/// fails here is recorded as a finding; the bid stays opened.
/// </summary>
public static class OpenFilesWhenDue
{
    public const int AtOnceMax = 4;
    private static readonly TimeSpan LookAgainAfter = TimeSpan.FromSeconds(10);

    public static async Task Handle(Guid id, BidOpeningDb db, IServiceProvider services, DateTimeOffset now, CancellationToken ct)
    {
        var others = Math.Clamp(Environment.ProcessorCount, 1, AtOnceMax) - 1;
        var utc = now.ToUniversalTime();
        var bids = await db.Bids.FromSql($"select * from listed_bid where next_due_at <= {utc} and id <> {id} order by next_due_at, id limit {others} for update skip locked").ToListAsync(ct);
        bids.Add(await db.Bids.SingleAsync(b => b.Id == id, ct));
        var store = services.GetRequiredService<OpeningMeans>().Store;
        var opened = await Task.WhenAll(bids.Select(bid => Task.Run(() => OpenAsync(bid, store, ct), ct)));
        foreach (var (bid, outcome) in bids.Zip(opened))
            if (outcome.Answered) bid.EndFiles(outcome.Fault);
            else bid.LookAgain(now + LookAgainAfter);
    }

    // A disk that does not answer at the moment is no finding, and keeps no other archive waiting.
    private static async Task<(bool Answered, OpeningFact? Fault)> OpenAsync(ListedBid bid, IBlobStore store, CancellationToken ct)
    {
        try { return (true, bid.IsAsClosed ? await ArchiveOpening.OpenAsync(bid.Parsed, bid.FilesKey, bid.FilesStorageKey, bid.OpenedKey, store, ct) : OpeningFact.ManifestDiffers); }
        catch (IOException) { return (false, null); }
    }
}
