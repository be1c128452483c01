using Microsoft.EntityFrameworkCore;
using Tendering.Contracts.Tenders;
using Tendering.Escrow.Data;
using Tendering.Escrow.Domain;
using Tendering.ServiceDefaults;

namespace Tendering.Escrow.Features;

/// <summary>A lot failed (流标): every deposit goes back that may not be kept.</summary>
public static class ReleaseOnLotFailed
{
    public static async Task Handle(Received<LotFailed> message, EscrowDb db, CancellationToken ct)
    {
        var failed = message.Event;
        await db.LockLotAsync(failed.LotId, ct);
        var lot = await db.Lots.SingleAsync(l => l.Id == failed.LotId, ct);
        await AwardLapses.NoteAsync(db, lot, null, failed.FailedAt, ct);
        lot.FailedAt ??= failed.FailedAt;
        var release = Release.Failed(failed.FailedAt);
        await RunRefunds.StartAsync(db, lot, release, RunRefunds.Whose.All, null, message.Now, ct);
        await ReleaseLetters.HandleAsync(db, lot, _ => true, release, message.Now, ct);
    }
}
