using Tendering.Contracts.BidOpening;
using Tendering.ServiceDefaults;
using Tendering.Tenders.Data;

namespace Tendering.Tenders.Features;

/// <summary>The opening has begun: from now on everybody may know how many bids there are.</summary>
public static class OpenLotOnOpeningStarted
{
    public static async Task Handle(Received<OpeningStarted> message, TendersDb db, CancellationToken ct)
    {
        var opening = message.Event;
        var tender = (await db.LockAsync(opening.TenderId, ct)).Or404("tender");
        tender.LotOf(opening.LotId).NoteOpening(opening.Bids, opening.ClosingListHash, opening.StartedAt, tender.Rules);
    }
}
