using Microsoft.EntityFrameworkCore;
using Tendering.BidOpening.Data;
using Tendering.BidOpening.Domain;
using Tendering.Contracts.BidOpening;
using Tendering.Protocols;
using Tendering.ServiceDefaults;

namespace Tendering.BidOpening.Features;

/// <summary>
/// An opened bid's archive is decrypted and looked into in the background (<see cref="SealedArchives"/>), under a claim and outside of any transaction; then what came of it is recorded in
/// one. What fails is recorded as a finding and told with its verdict; the price that was read out stays so.
/// </summary>
public static partial class OpenFilesWhenDue
{
    private static readonly TimeSpan LookAgainAfter = TimeSpan.FromSeconds(10);

    public static async Task Handle(ArchiveClaim claim, BidOpeningDb db, IServiceProvider services, CancellationToken ct)
    {
        var bid = await db.Bids.AsNoTracking().SingleAsync(b => b.Id == claim.Bid, ct);
        if (bid.FilesStage == FilesStage.Sealed)
        {
            await EndWaitForFilesKeyWhenDue.Handle(bid.Id, bid.LotId, db, services, ct);
            return;
        }
        var store = services.GetRequiredService<OpeningMeans>().Store;
        var outcome = await OpenAsync(bid, store, services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(OpenFilesWhenDue)), ct);
        await RecordAsync(claim, outcome, db, services.GetRequiredService<TimeProvider>().GetUtcNow(), ct);
    }

    private static async Task RecordAsync(ArchiveClaim claim, Outcome outcome, BidOpeningDb db, DateTimeOffset now, CancellationToken ct)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        var bid = await db.Bids.FromSql($"select * from listed_bid where id = {claim.Bid} for update").SingleAsync(ct);
        await claim.RequireAsync();
        if (!outcome.Answered) bid.LookAgain(now + LookAgainAfter);
        else bid.EndFiles(outcome.Fault);
        if (outcome.Fault is { } fault) db.Publish(NotOpened(bid, fault, (await db.Sessions.AsNoTracking().SingleAsync(s => s.Id == bid.LotId, ct)).Law(RuleKey.NotOpened), now), now);
        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
    }

    /// <summary>The bid was read out and stays so; what follows from the fact by law is told, and others act on it.</summary>
    public static ArchiveNotOpened NotOpened(ListedBid bid, OpeningFact fact, LawRule law, DateTimeOffset now)
    {
        var not = new PriceNotOpened(fact);
        return new ArchiveNotOpened(bid.TenderId, bid.LotId, bid.Id, bid.BidderId, bid.BidderName, Word.Of(not.Verdict), Word.Of(not.Cause), Word.Of(fact), law.Id, law.Article, now);
    }

    // A disk that does not answer at the moment is no finding, and keeps no other archive waiting.
    private static async Task<Outcome> OpenAsync(ListedBid bid, IBlobStore store, ILogger log, CancellationToken ct)
    {
        try
        {
            if (!bid.IsAsClosed) return new Outcome(true, OpeningFact.ManifestDiffers);
            return new Outcome(true, await ArchiveOpening.OpenAsync(bid.Parsed, bid.FilesKey, bid.FilesStorageKey, store, ct));
        }
        catch (IOException e)
        {
            LogNotRead(log, bid.Id, e);
            return new Outcome(false, null);
        }
    }

    private sealed record Outcome(bool Answered, OpeningFact? Fault);

    [LoggerMessage(LogLevel.Warning, "The archive of bid {Bid} could not be read; it is looked at again.")]
    private static partial void LogNotRead(ILogger log, Guid bid, Exception e);
}
