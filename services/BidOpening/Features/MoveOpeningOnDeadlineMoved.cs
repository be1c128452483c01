using Tendering.BidOpening.Data;
using Tendering.Contracts.Tenders;
using Tendering.ServiceDefaults;

namespace Tendering.BidOpening.Features;

/// <summary>With a lot's deadline its opening moves, and so does the waiting room's countdown.</summary>
public static class MoveOpeningOnDeadlineMoved
{
    public static async Task Handle(Received<DeadlineMoved> message, BidOpeningDb db, CancellationToken ct) =>
        (await db.LockSessionAsync(message.Event.LotId, ct) ?? throw new InvalidOperationException("The notice of this lot has not been heard yet.")).MoveOpening(message.Event.OpeningAt);
}
