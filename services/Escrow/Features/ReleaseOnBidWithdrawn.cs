using Tendering.Contracts.Bidding;
using Tendering.Escrow.Data;
using Tendering.Escrow.Domain;
using Tendering.ServiceDefaults;

namespace Tendering.Escrow.Features;

/// <summary>A bid was taken back before the deadline (撤回): its deposit goes back.</summary>
public static class ReleaseOnBidWithdrawn
{
    public static async Task Handle(Received<BidWithdrawn> message, EscrowDb db, CancellationToken ct)
    {
        var withdrawn = message.Event;
        await db.LockLotAsync(withdrawn.LotId, ct);
        // Without the lot there is no account, so nothing can have been paid.
        if (await db.Lots.FindAsync([withdrawn.LotId], ct) is not { } lot) return;
        // A deposit that was paid after the withdrawal secures a new bid.
        var deposits = (await ReleaseDeposits.HeldAsync(db, lot.Id, ct)).Where(d => d.BidderId == withdrawn.BidderId && d.SecuredAt <= withdrawn.WithdrawnAt);
        var release = Release.Withdrawn(withdrawn.WithdrawnAt);
        await ReleaseDeposits.HandleAsync(db, lot, deposits, release, message.Now, ct);
        await ReleaseLetters.HandleAsync(db, lot, l => l.BidderId == withdrawn.BidderId && l.PresentedAt <= withdrawn.WithdrawnAt, release, message.Now, ct);
    }
}
