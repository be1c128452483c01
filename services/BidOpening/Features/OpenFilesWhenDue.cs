using Microsoft.EntityFrameworkCore;
using Tendering.BidOpening.Data;
using Tendering.BidOpening.Domain;
using Tendering.Contracts.BidOpening;
using Tendering.Protocols;
using Tendering.ServiceDefaults;

namespace Tendering.BidOpening.Features;

/// <summary>
/// Opened bids' archives are decrypted and looked into in the background, as many at once as there are cores, up to a limit: while one is hashed another waits for its disk. What
/// fails here is recorded as a finding and told with its verdict; the price that was read out stays so.
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
        {
            if (outcome.Answered) bid.EndFiles(outcome.Fault);
            else bid.LookAgain(now + LookAgainAfter);
            if (outcome.Fault is { } fault) await TellAsync(bid, new PriceNotOpened(fault), db, now, ct);
        }
    }

    // The bid was read out and stays so; what follows from the fact by law is told, and others decide on it.
    private static async Task TellAsync(ListedBid bid, PriceNotOpened not, BidOpeningDb db, DateTimeOffset now, CancellationToken ct)
    {
        var law = (await db.Sessions.AsNoTracking().SingleAsync(s => s.Id == bid.LotId, ct)).Law(RuleKey.NotOpened);
        db.Publish(new ArchiveNotOpened(bid.TenderId, bid.LotId, bid.Id, bid.BidderId, bid.BidderName, Word.Of(not.Verdict), Word.Of(not.Cause), Word.Of(not.Fact), law.Id, law.Article, now), now);
    }

    // A disk that does not answer at the moment is no finding, and keeps no other archive waiting.
    private static async Task<(bool Answered, OpeningFact? Fault)> OpenAsync(ListedBid bid, IBlobStore store, CancellationToken ct)
    {
        try
        {
            if (!bid.IsAsClosed) return (true, OpeningFact.ManifestDiffers);
            return (true, await ArchiveOpening.OpenAsync(bid.Parsed, bid.FilesKey, bid.FilesStorageKey, bid.OpenedKey, store, ct)
                ?? await ArchiveLook.LookAsync(bid.OpenedKey, StreamCipher.PlaintextLength(bid.Parsed.Files.Length)!.Value, store, ct));
        }
        catch (IOException) { return (false, null); }
    }
}
