using Tendering.Contracts.Bidding;
using Tendering.ServiceDefaults;
using Tendering.Tenders.Data;

namespace Tendering.Tenders.Features;

/// <summary>The closing list says how many bids there are: with too few the lot fails. The number is kept and not shown before the opening.</summary>
public static class CountBidsOnClosingListDrawn
{
    public static async Task Handle(Received<ClosingListDrawn> message, TendersDb db, CancellationToken ct)
    {
        var list = message.Event;
        var tender = (await db.LockAsync(list.TenderId, ct)).Or404("tender");
        var lot = tender.LotOf(list.LotId);
        if (lot.NoteClosingList(list.Bids.Length, list.ClosingListHash, list.ClosedAt, tender.Rules, message.Now)) db.PublishFailure(tender, lot);
    }
}
