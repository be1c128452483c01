using Microsoft.EntityFrameworkCore;
using Tendering.BidOpening.Data;
using Tendering.BidOpening.Domain;
using Tendering.Contracts.BidOpening;
using Tendering.Protocols;
using Tendering.ServiceDefaults;

namespace Tendering.BidOpening.Features;

/// <summary>
/// Opened bids' archives are decrypted and looked into in the background, as many at once as there are cores, up to a limit: while one is hashed another waits for its disk. What
/// fails here is recorded as a finding and told with its verdict; the price that was read out stays so. An archive that is not known to be on disk after a while is decrypted once more.
/// Nothing here waits for the disk: other lots' moments come in the same loop.
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
        var outcomes = await Task.WhenAll(bids.Select(bid => Task.Run(() => OpenAsync(bid, archives, store, ct), ct)));
        foreach (var (bid, outcome) in bids.Zip(outcomes))
        {
            if (!outcome.Answered) bid.LookAgain(now + LookAgainAfter);
            else if (bid.FilesStage != FilesStage.Opened) bid.EndFiles(outcome.Fault, now + OnDiskWithin);
            else if (outcome.Fault is { } lost) bid.LoseFiles(lost);
            else bid.LookAgain(now + OnDiskWithin);
            if (outcome.Fault is { } fault) await TellAsync(bid, new PriceNotOpened(fault), db, now, ct);
        }
    }

    // The bid was read out and stays so; what follows from the fact by law is told, and others decide on it.
    private static async Task TellAsync(ListedBid bid, PriceNotOpened not, BidOpeningDb db, DateTimeOffset now, CancellationToken ct)
    {
        var law = (await db.Sessions.AsNoTracking().SingleAsync(s => s.Id == bid.LotId, ct)).Law(RuleKey.NotOpened);
        db.Publish(new ArchiveNotOpened(bid.TenderId, bid.LotId, bid.Id, bid.BidderId, bid.BidderName, Word.Of(not.Verdict), Word.Of(not.Cause), Word.Of(not.Fact), law.Id, law.Article, now), now);
    }

    // What this process still brings to disk is not opened again meanwhile.
    private static async Task<Outcome> OpenAsync(ListedBid bid, OpenedArchives archives, IBlobStore store, CancellationToken ct)
    {
        if (archives.IsUnderway(bid.Id)) return new Outcome(false, null);
        var outcome = await TryAsync(bid, store, ct);
        if (outcome is { Answered: true, Fault: null }) archives.Bring(bid.Id, bid.OpenedKey);
        return outcome;
    }

    // A disk that does not answer at the moment is no finding, and keeps no other archive waiting.
    private static async Task<Outcome> TryAsync(ListedBid bid, IBlobStore store, CancellationToken ct)
    {
        try
        {
            if (!bid.IsAsClosed) return new Outcome(true, OpeningFact.ManifestDiffers);
            return new Outcome(true, await ArchiveOpening.OpenAsync(bid.Parsed, bid.FilesKey, bid.FilesStorageKey, bid.OpenedKey, store, ct)
                ?? await ArchiveLook.LookAsync(bid.OpenedKey, StreamCipher.PlaintextLength(bid.Parsed.Files.Length)!.Value, store, ct));
        }
        catch (IOException) { return new Outcome(false, null); }
    }

    private sealed record Outcome(bool Answered, OpeningFact? Fault);
}
