using Tendering.Contracts.Bidding;
using Tendering.ServiceDefaults;
using Tendering.Tenders.Data;

namespace Tendering.Tenders.Features;

/// <summary>The deadline has passed; the hash of the closing list is public.</summary>
public static class CloseLotOnBiddingClosed
{
    public static async Task Handle(Received<BiddingClosed> message, TendersDb db, CancellationToken ct)
    {
        var closed = message.Event;
        var tender = (await db.LockAsync(closed.TenderId, ct)).Or404("tender");
        tender.LotOf(closed.LotId).NoteClosing(closed.ClosingListHash, closed.ClosedAt, tender.Rules);
    }
}
