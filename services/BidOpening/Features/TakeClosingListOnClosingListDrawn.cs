using System.Text;
using Tendering.BidOpening.Data;
using Tendering.BidOpening.Domain;
using Tendering.Contracts.Bidding;
using Tendering.Protocols;
using Tendering.ServiceDefaults;

namespace Tendering.BidOpening.Features;

/// <summary>The sealed bids arrive as the closing fixed them; a list that is not what its public hash says is not taken.</summary>
public static class TakeClosingListOnClosingListDrawn
{
    private sealed record Entry(Guid BidId, string ManifestHash);

    public static async Task Handle(Received<ClosingListDrawn> message, BidOpeningDb db, CancellationToken ct)
    {
        var list = message.Event;
        var session = await db.LockSessionAsync(list.LotId, ct) ?? db.Add(new OpeningSession { Id = list.LotId, TenderId = list.TenderId }).Entity;
        if (session.ClosingListHash is not null) return;
        if (HexText.Sha256(CanonicalJson.Serialize(list.Bids.Select(b => new Entry(b.BidId, b.ManifestHash)).ToArray())) != list.ClosingListHash
            || list.Bids.Any(b => HexText.Sha256(Encoding.UTF8.GetBytes(b.Manifest)) != b.ManifestHash))
            throw new InvalidDataException("The closing list is not what its hash says.");
        db.AddRange(list.Bids.Select((bid, i) => Take(list, bid, i + 1)));
        session.Close(list.ClosingListHash, list.ClosedAt);
    }

    private static ListedBid Take(ClosingListDrawn list, ClosedBid bid, int place) => new()
    {
        Id = bid.BidId, TenderId = list.TenderId, LotId = list.LotId, Place = place, BidderId = bid.BidderId, BidderName = bid.BidderName, SocialCreditCode = bid.SocialCreditCode,
        Revision = bid.Revision, ManifestHash = bid.ManifestHash, Manifest = bid.Manifest, Signature = bid.Signature, Receipt = bid.Receipt, PriceStorageKey = bid.PriceStorageKey,
        FilesStorageKey = bid.FilesStorageKey, DepositSecured = bid.DepositSecured, SubmittedAt = bid.SubmittedAt,
    };
}
