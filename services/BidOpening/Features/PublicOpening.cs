using Microsoft.EntityFrameworkCore;
using Tendering.BidOpening.Data;
using Tendering.BidOpening.Domain;
using Tendering.Contracts.BidOpening;
using Tendering.Protocols;
using Tendering.ServiceDefaults;

namespace Tendering.BidOpening.Features;

/// <summary>What an opening needs beside its database.</summary>
public sealed record OpeningMeans([FromKeyedServices(BidOpeningService.Name)] IBlobStore Store, Secrets Secrets, HallTimes Times);

/// <summary>
/// The common steps of an opening under the session's lock: open what has its key, end what has run out of time, announce when all is decided, draw the record
/// when those present have had their say.
/// </summary>
internal sealed class PublicOpening(OpeningSession session, List<ListedBid> bids, BidOpeningDb db, OpeningMeans means, DateTimeOffset now)
{
    public const string ByCustodians = "custodians", ByRecovery = "recovery";
    private static readonly TimeSpan LookAgainAfter = TimeSpan.FromSeconds(10);

    private sealed record Entry(Guid BidId, string ManifestHash);

    public IReadOnlyList<ListedBid> Bids => bids;

    /// <summary>The hash of the closing list that the stored bids make.</summary>
    public string StoredHash => HexText.Sha256(CanonicalJson.Serialize(bids.Select(b => new Entry(b.Id, b.ManifestHash)).ToArray()));

    public static async Task<PublicOpening> LoadAsync(OpeningSession session, BidOpeningDb db, OpeningMeans means, DateTimeOffset now, CancellationToken ct) =>
        new(session, await db.Bids.Where(b => b.LotId == session.Id).OrderBy(b => b.Place).ToListAsync(ct), db, means, now);

    /// <summary>Whoever can write to the database could change a bid: what was closed was published under its hash, and is compared before anything is opened.</summary>
    public void RequireClosingList() =>
        Rule.Require(StoredHash == session.ClosingListHash, "closing-list-differs", "The stored bids are not those of the closing list: the opening stands still until the platform has restored them.");

    /// <summary>A manifest that is no longer the one its bidder signed is the platform's fault; its bid is not opened by it.</summary>
    public void DecideChangedManifests()
    {
        if (session.Stage != SessionStage.Opening) return;
        foreach (var bid in bids.Where(b => b.Stage == BidStage.Sealed && !b.IsAsClosed)) Decide(bid, new PriceNotOpened(OpeningFact.ManifestDiffers), "");
    }

    /// <summary>Opens every price, and makes ready every archive, for which there are enough good shares.</summary>
    public async Task OpenWhatHasSharesAsync(CancellationToken ct)
    {
        DecideChangedManifests();
        if (bids.TrueForAll(b => b.Stage != BidStage.Sealed && b.FilesStage != FilesStage.Sealed)) return;
        var shares = await SharesAsync(ct);
        foreach (var bid in bids.Where(b => b.IsAsClosed))
        {
            if (bid.Stage == BidStage.Sealed && Key(shares, bid, SealedPart.Price) is { } price) await OpenPriceAsync(bid, price, ByCustodians, ct);
            if (bid.FilesStage == FilesStage.Sealed && Key(shares, bid, SealedPart.Files) is { } files) bid.ReadyFiles(files, now);
        }
        await DrawCoefficientsAsync(isLast: false, ct);
    }

    public async Task OpenPriceAsync(ListedBid bid, byte[] key, string by, CancellationToken ct)
    {
        try
        {
            var cipher = await ReadAsync(bid, ct);
            Decide(bid, await PriceOpening.OpenAsync(bid.Parsed, session.Notice!.Currency, key, cipher), by, cipher);
        }
        // A disk that does not answer at the moment, or is not there, is no verdict yet; the limit makes it one.
        catch (IOException) { session.LookAgain(now + LookAgainAfter); }
    }

    /// <summary>
    /// All limits have passed: what is still sealed gets its verdict. Enough shares, and yet closed: then the platform could not read. Enough custodians that released or
    /// proved that they could not: then the bidder sealed it so. Else custodians are missing.
    /// </summary>
    public async Task EndAsync(CancellationToken ct)
    {
        var good = await SharesAsync(ct);
        var upheld = await UpheldAsync(ct);
        foreach (var bid in bids.Where(b => b.Stage == BidStage.Sealed)) Decide(bid, new PriceNotOpened(FactOf(bid, SealedPart.Price, good, upheld)), "");
    }

    /// <summary>The key of the archive, where enough good shares of it are there.</summary>
    public async Task<byte[]?> FilesKeyAsync(ListedBid bid, CancellationToken ct) => bid.IsAsClosed ? Key(await SharesAsync(ct), bid, SealedPart.Files) : null;

    /// <summary>All limits have passed, and the archive's key has not come.</summary>
    public async Task<OpeningFact> FilesFactAsync(ListedBid bid, CancellationToken ct) =>
        bid.IsAsClosed ? FactOf(bid, SealedPart.Files, await SharesAsync(ct), await UpheldAsync(ct)) : OpeningFact.ManifestDiffers;

    // A share begins with its custodian's index; who complained and yet found its share counts once.
    private OpeningFact FactOf(ListedBid bid, string part, ILookup<(Guid, string), byte[]> good, List<UpheldComplaint> upheld)
    {
        int[] released = [.. good[(bid.Id, part)].Select(s => (int)s[0])];
        return released.Length >= session.Notice!.Threshold ? OpeningFact.CiphertextUnreadable
            : released.Union(upheld.Where(c => c.BidId == bid.Id && c.Part == part).Select(c => c.CustodianIndex)).Count() >= session.Notice.Threshold ? OpeningFact.ShareSealedWrong
            : OpeningFact.SharesMissing;
    }

    /// <summary>Once every bid has its outcome, what was announced is fixed; with nobody present the record follows at once.</summary>
    public async Task AnnounceIfDecidedAsync(CancellationToken ct)
    {
        await db.SaveChangesAsync(ct);
        if (session.Stage != SessionStage.Opening || bids.Exists(b => b.Stage == BidStage.Sealed)) return;
        await DrawCoefficientsAsync(isLast: true, ct);
        var releases = await db.Releases.AsNoTracking().Where(r => r.LotId == session.Id).ToListAsync(ct);
        var wrong = await db.WrongShares.AsNoTracking().Where(w => db.Bids.Any(b => b.Id == w.BidId && b.LotId == session.Id)).ToListAsync(ct);
        var complaints = await db.Complaints.AsNoTracking().Where(c => db.Bids.Any(b => b.Id == c.BidId && b.LotId == session.Id)).ToListAsync(ct);
        session.AnnouncePrices(OpeningRecord.Draw(session, bids, releases, wrong, complaints, now), means.Times.Confirmation, now);
        db.Tell(session, new PricesAnnounced(session.TenderId, session.Id, session.AnnouncedHash!, session.ConfirmBy!.Value, now), now);
        await db.SaveChangesAsync(ct);
        await CompleteIfConfirmedAsync(ct);
    }

    /// <summary>The record is drawn when all who are present have signed and every objection is answered, or their time is over. Its events follow those of the bids.</summary>
    public async Task CompleteIfConfirmedAsync(CancellationToken ct)
    {
        if (session.Stage != SessionStage.Confirming) return;
        await db.SaveChangesAsync(ct);
        var present = await db.Attendance.Where(a => a.LotId == session.Id && a.OrganisationName != null).ToListAsync(ct);
        var signatures = await db.Signatures.Where(s => s.LotId == session.Id).ToListAsync(ct);
        var objections = await db.Objections.Where(o => o.LotId == session.Id).ToListAsync(ct);
        var isAnswerOwed = objections.Exists(o => o.Answer is null);
        var isConfirmed = !isAnswerOwed && present.TrueForAll(p => signatures.Exists(s => s.OrganisationId == p.OrganisationId));
        if (!isConfirmed && !session.EndConfirmation(isAnswerOwed, means.Times.Confirmation, now)) return;
        if (OpeningSession.HashOf(session.Announced!) != session.AnnouncedHash) throw new InvalidDataException("What is stored as announced is not what was announced.");
        var closing = RecordedClosing.Of(session, present, signatures, objections, bids.DistinctBy(b => b.BidderId).ToDictionary(b => b.BidderId, b => b.BidderName), now);
        session.Complete(OpeningRecord.Read(session.Announced!) with { Closing = closing }, now);
        DrawnCoefficient[]? drawn = session.Coefficients is { } draw ? [.. draw.Drawn.Select(d => new DrawnCoefficient(d.Name, d.Value))] : null;
        db.Tell(session, new OpeningCompleted(session.TenderId, session.Id, session.RecordHash!, [.. bids.Select(Line)], now, drawn), now);
        db.PublishDocument(session.TenderId, "opening-record", session.Id, session.Record!, now);
        await db.SaveChangesAsync(ct);
    }

    /// <summary>Custodians that still owe something: of a bid that is sealed neither a share, good or wrong, nor an upheld complaint has come.</summary>
    public async Task<int[]> MissingCustodiansAsync(CancellationToken ct)
    {
        var came = (await db.GoodShares.Where(s => s.Part == SealedPart.Price && db.Bids.Any(b => b.Id == s.BidId && b.LotId == session.Id)).Select(s => new { s.BidId, s.CustodianIndex })
            .Union(db.WrongShares.Where(s => s.Part == SealedPart.Price && db.Bids.Any(b => b.Id == s.BidId && b.LotId == session.Id)).Select(s => new { s.BidId, s.CustodianIndex })).ToListAsync(ct))
            .Select(s => (s.BidId, s.CustodianIndex)).Concat((await UpheldAsync(ct)).Where(c => c.Part == SealedPart.Price).Select(c => (c.BidId, c.CustodianIndex))).ToHashSet();
        return [.. session.Notice!.Custodians.Select(c => c.Index).Where(index => bids.Exists(b => b.Stage == BidStage.Sealed && !came.Contains((b.Id, index)))).Order()];
    }

    private Task<List<UpheldComplaint>> UpheldAsync(CancellationToken ct) =>
        db.Complaints.AsNoTracking().Where(c => db.Bids.Any(b => b.Id == c.BidId && b.LotId == session.Id)).ToListAsync(ct);

    // The seed is made of keys that were fixed before the deadline. They count as the custodians' shares give them, whatever comes of the ciphertext, so that
    // nobody chooses by losing one; recovery keys count only where custodians' shares give fewer than a draw needs.
    private async Task DrawCoefficientsAsync(bool isLast, CancellationToken ct)
    {
        if (session.VrfPublicKey is null || session.Coefficients is not null) return;
        var shares = await SharesAsync(ct);
        var keys = bids.Where(b => b.IsAsClosed).Select(b => (Bid: b, Key: Key(shares, b, SealedPart.Price))).Where(k => k.Key is not null && BidOpener.CommitmentHolds(k.Bid.Parsed, SealedPart.Price, k.Key)).ToList();
        var isEnough = keys.Count >= ExpertDraw.RevealsMin;
        if (!isLast && !(keys.Count == bids.Count || (isEnough && session.SharesDueBy <= now))) return;
        if (!isEnough) keys = [.. bids.Where(b => b.PriceKey is not null).Select(b => (b, b.PriceKey))];
        var vrf = await db.VrfKeys.AsNoTracking().SingleAsync(k => k.PublicKey == session.VrfPublicKey, ct);
        var draw = CoefficientDraw.Make(session, vrf.Open(means.Secrets), [.. keys.Select(k => new KeyInput(k.Bid.Place, k.Bid.Id, Base64UrlText.Encode(k.Key!)))], now);
        session.KeepDraw(draw);
        db.Tell(session, new CoefficientsDrawn(session.TenderId, session.Id, draw.VrfPublicKey, draw.Alpha, draw.Proof, [.. draw.Inputs.Select(i => new DrawInput(i.BidId, i.PriceKey))],
            [.. draw.Drawn.Select(d => new DrawnCoefficient(d.Name, d.Value))], now), now);
    }

    private async Task<ILookup<(Guid, string), byte[]>> SharesAsync(CancellationToken ct) =>
        (await db.GoodShares.AsNoTracking().Where(s => db.Bids.Any(b => b.Id == s.BidId && b.LotId == session.Id)).ToListAsync(ct)).ToLookup(s => (s.BidId, s.Part), s => s.Share);

    private byte[]? Key(ILookup<(Guid, string), byte[]> shares, ListedBid bid, string part) => PriceOpening.Rebuild([.. shares[(bid.Id, part)]], session.Notice!.Threshold);

    private static OpenedBid Line(ListedBid bid) => new(
        bid.Id, bid.BidderId, bid.BidderName, bid.SocialCreditCode, bid.Price, bid.Verdict is { } v ? Word.Of(v) : null, bid.ManifestHash, bid.DepositSecured, bid.SubmittedAt);

    private void Decide(ListedBid bid, Outcome outcome, string by, byte[]? cipher = null)
    {
        bid.Decide(outcome, by, session.Law(RuleKey.NotOpened), session.NextToRead(), session.SharesDueBy!.Value, now);
        if (outcome is PriceOpened opened)
            db.Tell(session, new BidOpened(session.TenderId, session.Id, bid.Id, bid.BidderId, bid.BidderName, opened.Price, session.Notice!.Currency, opened.Schedule, Base64UrlText.Encode(opened.Key), now, Convert.ToBase64String(cipher!)), now);
        if (outcome is PriceNotOpened not)
            db.Tell(session, new BidNotOpened(session.TenderId, session.Id, bid.Id, bid.BidderId, bid.BidderName, Word.Of(not.Verdict), Word.Of(not.Cause), Word.Of(not.Fact), bid.Rule!, bid.Article!, now), now);
    }

    private async Task<byte[]?> ReadAsync(ListedBid bid, CancellationToken ct)
    {
        await using var stored = await means.Store.OpenReadAsync(bid.PriceStorageKey, ct);
        if (stored is null) return null;
        // One byte more than the manifest says is enough to know that it differs.
        var content = new byte[bid.Parsed.Price.Length + 1];
        var read = await stored.ReadAtLeastAsync(content, content.Length, throwOnEndOfStream: false, ct);
        return content[..read];
    }
}
