using Microsoft.EntityFrameworkCore;
using Tendering.BidOpening.Data;
using Tendering.BidOpening.Domain;
using Tendering.Contracts.BidOpening;
using Tendering.Protocols;
using Tendering.ServiceDefaults;

namespace Tendering.BidOpening.Features;

/// <summary>The common steps of an opening under the session's lock: open what has its key, end what has run out of time, draw the record when all is decided.</summary>
internal sealed class PublicOpening(OpeningSession session, List<ListedBid> bids, BidOpeningDb db, IBlobStore store, DateTimeOffset now)
{
    public const string ByCustodians = "custodians", ByRecovery = "recovery";
    private static readonly TimeSpan LookAgainAfter = TimeSpan.FromSeconds(10);

    public IReadOnlyList<ListedBid> Bids => bids;

    public static async Task<PublicOpening> LoadAsync(OpeningSession session, BidOpeningDb db, IBlobStore store, DateTimeOffset now, CancellationToken ct) =>
        new(session, await db.Bids.Where(b => b.LotId == session.Id).OrderBy(b => b.Place).ToListAsync(ct), db, store, now);

    /// <summary>Opens every price, and makes ready every archive, for which there are enough good shares.</summary>
    public async Task OpenWhatHasSharesAsync(CancellationToken ct)
    {
        if (bids.TrueForAll(b => b.Stage != BidStage.Sealed && b.FilesStage != FilesStage.Sealed)) return;
        var shares = (await db.GoodShares.AsNoTracking().Where(s => db.Bids.Any(b => b.Id == s.BidId && b.LotId == session.Id)).ToListAsync(ct)).ToLookup(s => (s.BidId, s.Part), s => s.Share);
        foreach (var bid in bids)
        {
            if (bid.Stage == BidStage.Sealed && Key(SealedPart.Price) is { } price) await OpenPriceAsync(bid, price, ByCustodians, ct);
            if (bid.FilesStage == FilesStage.Sealed && Key(SealedPart.Files) is { } files) bid.ReadyFiles(files, now);

            byte[]? Key(string part) => PriceOpening.Rebuild([.. shares[(bid.Id, part)]], session.Notice!.Threshold);
        }
    }

    public async Task OpenPriceAsync(ListedBid bid, byte[] key, string by, CancellationToken ct)
    {
        try { Decide(bid, await PriceOpening.OpenAsync(bid.Parsed, session.Notice!.Currency, key, await ReadAsync(bid, ct)), by); }
        // A disk that does not answer at the moment is no verdict yet; the limit makes it one.
        catch (IOException) { session.LookAgain(now + LookAgainAfter); }
    }

    /// <summary>All limits have passed: what is still sealed gets its verdict. Enough shares, and yet closed: then the platform could not read.</summary>
    public async Task EndAsync(CancellationToken ct)
    {
        var complete = (await db.GoodShares.Where(s => s.Part == SealedPart.Price && db.Bids.Any(b => b.Id == s.BidId && b.LotId == session.Id))
            .GroupBy(s => s.BidId).Select(g => new { g.Key, Count = g.Count() }).ToListAsync(ct)).Where(g => g.Count >= session.Notice!.Threshold).Select(g => g.Key).ToHashSet();
        foreach (var bid in bids.Where(b => b.Stage == BidStage.Sealed))
            Decide(bid, new PriceNotOpened(complete.Contains(bid.Id) ? OpeningFact.CiphertextUnreadable : OpeningFact.SharesMissing), "");
    }

    /// <summary>Once every bid has its outcome the record is drawn and public. Its events follow those of the bids.</summary>
    public async Task CompleteIfDecidedAsync(CancellationToken ct)
    {
        await db.SaveChangesAsync(ct);
        if (session.Stage != SessionStage.Opening || bids.Exists(b => b.Stage == BidStage.Sealed)) return;
        var releases = await db.Releases.AsNoTracking().Where(r => r.LotId == session.Id).ToListAsync(ct);
        var wrong = await db.WrongShares.AsNoTracking().Where(w => db.Bids.Any(b => b.Id == w.BidId && b.LotId == session.Id)).ToListAsync(ct);
        session.Complete(OpeningRecord.Draw(session, bids, releases, wrong, now).Canonical(), now);
        db.Publish(new OpeningCompleted(session.TenderId, session.Id, session.RecordHash!, [.. bids.Select(Line)], now), now);
        await db.SaveChangesAsync(ct);
    }

    private static OpenedBid Line(ListedBid bid) => new(
        bid.Id, bid.BidderId, bid.BidderName, bid.SocialCreditCode, bid.Price, bid.Verdict is { } v ? Word.Of(v) : null, bid.ManifestHash, bid.DepositSecured, bid.SubmittedAt);

    private void Decide(ListedBid bid, Outcome outcome, string by)
    {
        bid.Decide(outcome, by, session.Law(RuleKey.NotOpened), now);
        if (outcome is PriceOpened opened)
            db.Publish(new BidOpened(session.TenderId, session.Id, bid.Id, bid.BidderId, bid.BidderName, opened.Price, session.Notice!.Currency, opened.Schedule, Base64UrlText.Encode(opened.Key), now), now);
        if (outcome is PriceNotOpened not)
            db.Publish(new BidNotOpened(session.TenderId, session.Id, bid.Id, bid.BidderId, bid.BidderName, Word.Of(not.Verdict), Word.Of(not.Cause), Word.Of(not.Fact), bid.Rule!, bid.Article!, now), now);
    }

    private async Task<byte[]?> ReadAsync(ListedBid bid, CancellationToken ct)
    {
        await using var stored = await store.OpenReadAsync(bid.PriceStorageKey, ct);
        if (stored is null) return null;
        // One byte more than the manifest says is enough to know that it differs.
        var content = new byte[bid.Parsed.Price.Length + 1];
        var read = await stored.ReadAtLeastAsync(content, content.Length, throwOnEndOfStream: false, ct);
        return content[..read];
    }
}
