using Microsoft.EntityFrameworkCore;
using Tendering.BidOpening.Data;
using Tendering.BidOpening.Domain;
using Tendering.ServiceDefaults;

namespace Tendering.BidOpening.Features;

/// <summary>
/// Opened bids' archives are decrypted in the background, as many at once as there are cores, up to a limit: while one is hashed another waits for its disk. What
/// fails here is recorded as a finding; the bid stays opened. An archive that is not known to be on disk after a while is decrypted once more.
/// </summary>
public static class OpenFilesWhenDue
{
    public const int AtOnceMax = 4;
    private static readonly TimeSpan LookAgainAfter = TimeSpan.FromSeconds(10), OnDiskWithin = TimeSpan.FromMinutes(10);

    public static int AtOnce => Math.Clamp(Environment.ProcessorCount, 1, AtOnceMax);

    public static async Task Handle(Guid id, BidOpeningDb db, IServiceProvider services, DateTimeOffset now, CancellationToken ct)
    {
        var utc = now.ToUniversalTime();
        var bids = await db.Bids.FromSql($"select * from listed_bid where next_due_at <= {utc} and id <> {id} order by next_due_at, id limit {AtOnce - 1} for update skip locked").ToListAsync(ct);
        bids.Add(await db.Bids.SingleAsync(b => b.Id == id, ct));
        var (store, archives) = (services.GetRequiredService<OpeningMeans>().Store, services.GetRequiredService<OpenedArchives>());
        var outcomes = await Task.WhenAll(bids.Select(bid => Task.Run(() => bid.FilesStage == FilesStage.Opened ? OpenAgainAsync(bid, archives, store, ct) : OpenAsync(bid, archives, store, ct), ct)));
        foreach (var (bid, outcome) in bids.Zip(outcomes))
        {
            if (!outcome.Answered) bid.LookAgain(now + LookAgainAfter);
            else if (bid.FilesStage == FilesStage.Opened) bid.KeepFiles(outcome.Fault);
            else bid.EndFiles(outcome.Fault, now + OnDiskWithin);
        }
    }

    private static async Task<Outcome> OpenAsync(ListedBid bid, OpenedArchives archives, IBlobStore store, CancellationToken ct)
    {
        var outcome = await TryAsync(bid, store, ct);
        if (outcome is { Answered: true, Fault: null }) archives.Bring(bid.Id, bid.OpenedKey);
        return outcome;
    }

    private static async Task<Outcome> OpenAgainAsync(ListedBid bid, OpenedArchives archives, IBlobStore store, CancellationToken ct)
    {
        if (await archives.IsOnDiskAsync(bid.Id)) return new Outcome(true, null);
        var outcome = await TryAsync(bid, store, ct);
        if (outcome is not { Answered: true, Fault: null }) return outcome;
        try { await store.FlushAsync(bid.OpenedKey, ct); }
        catch (IOException) { return new Outcome(false, null); }
        return outcome;
    }

    // A disk that does not answer at the moment is no finding, and keeps no other archive waiting.
    private static async Task<Outcome> TryAsync(ListedBid bid, IBlobStore store, CancellationToken ct)
    {
        try { return new Outcome(true, bid.IsAsClosed ? await ArchiveOpening.OpenAsync(bid.Parsed, bid.FilesKey, bid.FilesStorageKey, bid.OpenedKey, store, ct) : OpeningFact.ManifestDiffers); }
        catch (IOException) { return new Outcome(false, null); }
    }

    private sealed record Outcome(bool Answered, OpeningFact? Fault);
}
