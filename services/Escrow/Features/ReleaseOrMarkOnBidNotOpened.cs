using Tendering.Contracts.BidOpening;
using Tendering.Escrow.Data;
using Tendering.Escrow.Domain;
using Tendering.ServiceDefaults;

namespace Tendering.Escrow.Features;

/// <summary>A bid stayed closed at the opening: by no fault of its bidder, and its deposit goes back; or it counts as revoked, and the deposit may be kept.</summary>
public static class ReleaseOrMarkOnBidNotOpened
{
    public static async Task Handle(Received<BidNotOpened> message, EscrowDb db, CancellationToken ct)
    {
        var closed = message.Event;
        if (closed.Verdict is not ("revoked" or "withdrawn")) return;
        await db.LockLotAsync(closed.LotId, ct);
        if (closed.Verdict == "revoked")
        {
            var bidder = await OpenSubAccount.FindOrAddAsync(db, closed.TenderId, closed.LotId, closed.BidderId, closed.BidderName, ct);
            bidder.RevokedAt ??= closed.DecidedAt;
            return;
        }
        if (await db.Lots.FindAsync([closed.LotId], ct) is not { } lot) return;
        var deposits = (await ReleaseDeposits.HeldAsync(db, lot.Id, ct)).Where(d => d.BidderId == closed.BidderId);
        var release = Release.NotOpened(closed.DecidedAt);
        await ReleaseDeposits.HandleAsync(db, lot, deposits, release, message.Now, ct);
        await ReleaseLetters.HandleAsync(db, lot, l => l.BidderId == closed.BidderId, release, message.Now, ct);
    }
}
