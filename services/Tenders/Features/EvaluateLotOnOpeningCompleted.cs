using Tendering.Contracts.BidOpening;
using Tendering.ServiceDefaults;
using Tendering.Tenders.Data;

namespace Tendering.Tenders.Features;

/// <summary>The opening record is public; the committee's work begins.</summary>
public static class EvaluateLotOnOpeningCompleted
{
    public static async Task Handle(Received<OpeningCompleted> message, TendersDb db, CancellationToken ct)
    {
        var opened = message.Event;
        var tender = (await db.LockAsync(opened.TenderId, ct)).Or404("tender");
        tender.LotOf(opened.LotId).NoteOpeningCompleted(opened.RecordHash, opened.Bids.Length, opened.CompletedAt, tender.Rules);
    }
}
