using Tendering.Contracts.Tenders;
using Tendering.Escrow.Data;
using Tendering.ServiceDefaults;

namespace Tendering.Escrow.Features;

/// <summary>On DeadlineMoved: deposits are in time until the new deadline.</summary>
public static class KeepMovedDeadline
{
    public static async Task Handle(Received<DeadlineMoved> message, EscrowDb db, CancellationToken ct)
    {
        var moved = message.Event;
        await db.LockLotAsync(moved.LotId, ct);
        var lot = (await db.Lots.FindAsync([moved.LotId], ct)).Or404("lot");
        if (moved.To > lot.BidDeadline) lot.BidDeadline = moved.To;
    }
}
