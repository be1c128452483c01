using Microsoft.EntityFrameworkCore;
using Tendering.BidOpening.Data;
using Tendering.BidOpening.Domain;
using Tendering.Contracts.BidOpening;
using Tendering.Protocols;
using Tendering.ServiceDefaults;

namespace Tendering.BidOpening.Features;

/// <summary>
/// The price was opened and the archive's key has not come. When the custodians' time is over the bidder is asked, and has as long; then the facts decide as they do of a price. This may be
/// long after the hall has ended.
/// </summary>
public static class EndWaitForFilesKeyWhenDue
{
    private static readonly TimeSpan LookAgainAfter = TimeSpan.FromSeconds(30);

    // Under the session's lock, as whatever brings a share or a key.
    public static async Task Handle(Guid id, Guid lot, BidOpeningDb db, IServiceProvider services, CancellationToken ct)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        var session = (await db.LockSessionAsync(lot, ct))!;
        var now = services.GetRequiredService<TimeProvider>().GetUtcNow();
        var opening = await PublicOpening.LoadAsync(session, db, services.GetRequiredService<OpeningMeans>(), now, ct);
        var bid = opening.Bids.Single(b => b.Id == id);
        if (bid.FilesStage != FilesStage.Sealed || bid.NextDueAt > now) return;
        // No share or key is taken while the opening stands still: nobody is late meanwhile.
        if (opening.StoredHash != session.ClosingListHash) bid.LookAgain(now + LookAgainAfter);
        else if (await opening.FilesKeyAsync(bid, ct) is { } key) bid.ReadyFiles(key, now);
        else if (bid.FilesDueBy is null && bid.IsAsClosed) await AskAsync(session, bid, db, now, ct);
        else End(session, bid, await opening.FilesFactAsync(bid, ct), db, now);
        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
    }

    private static async Task AskAsync(OpeningSession session, ListedBid bid, BidOpeningDb db, DateTimeOffset now, CancellationToken ct)
    {
        bid.AskForFilesKey(now.AddMinutes(session.Notice!.OpeningMinutes));
        var came = await db.GoodShares.Where(s => s.BidId == bid.Id && s.Part == SealedPart.Files).Select(s => s.CustodianIndex)
            .Union(db.WrongShares.Where(s => s.BidId == bid.Id && s.Part == SealedPart.Files).Select(s => s.CustodianIndex))
            .Union(db.Complaints.Where(c => c.BidId == bid.Id && c.Part == SealedPart.Files).Select(c => c.CustodianIndex)).ToListAsync(ct);
        int[] missing = [.. session.Notice.Custodians.Select(c => c.Index).Except(came).Order()];
        db.TellWhileOpen(session, new ArchiveKeyAsked(session.TenderId, session.Id, bid.Id, bid.BidderId, missing, bid.FilesDueBy!.Value, now), now);
    }

    private static void End(OpeningSession session, ListedBid bid, OpeningFact fact, BidOpeningDb db, DateTimeOffset now)
    {
        bid.LoseFiles(fact);
        db.Publish(OpenFilesWhenDue.NotOpened(bid, fact, session.Law(RuleKey.NotOpened), now), now);
    }
}
