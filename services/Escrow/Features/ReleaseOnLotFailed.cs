using Microsoft.EntityFrameworkCore;
using Tendering.Contracts.Tenders;
using Tendering.Escrow.Data;
using Tendering.Escrow.Domain;
using Tendering.Protocols;
using Tendering.ServiceDefaults;

namespace Tendering.Escrow.Features;

/// <summary>A lot failed (流标): every deposit goes back.</summary>
public static class ReleaseOnLotFailed
{
    public static async Task Handle(Received<LotFailed> message, EscrowDb db, CancellationToken ct)
    {
        var failed = message.Event;
        await db.LockLotAsync(failed.LotId, ct);
        var lot = await db.Lots.SingleAsync(l => l.Id == failed.LotId, ct);
        lot.FailedAt ??= failed.FailedAt;
        await ReleaseDeposits.HandleAsync(db, lot, await ReleaseDeposits.HeldAsync(db, lot.Id, ct), new Release(ReleaseReasons.LotFailed, RuleKey.RefundFailed, failed.FailedAt), message.Now, ct);
    }
}
