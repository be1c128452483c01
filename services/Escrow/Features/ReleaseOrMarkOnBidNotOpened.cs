using Microsoft.EntityFrameworkCore;
using Tendering.Contracts.BidOpening;
using Tendering.Escrow.Data;
using Tendering.Escrow.Domain;
using Tendering.ServiceDefaults;

namespace Tendering.Escrow.Features;

/// <summary>
/// A bid stayed closed at the opening, or its archive did afterwards: by no fault of its bidder, and its deposit goes back; or it counts as revoked, and the deposit may be kept.
/// </summary>
public static class ReleaseOrMarkOnBidNotOpened
{
    public static Task OnBidNotOpened(Received<BidNotOpened> message, EscrowDb db, CancellationToken ct) =>
        HandleAsync(new Closed(message.Event.TenderId, message.Event.LotId, message.Event.BidderId, message.Event.BidderName, message.Event.Verdict, message.Event.DecidedAt), db, message.Now, ct);

    public static Task OnArchiveNotOpened(Received<ArchiveNotOpened> message, EscrowDb db, CancellationToken ct) =>
        HandleAsync(new Closed(message.Event.TenderId, message.Event.LotId, message.Event.BidderId, message.Event.BidderName, message.Event.Verdict, message.Event.DecidedAt), db, message.Now, ct);

    private static async Task HandleAsync(Closed closed, EscrowDb db, DateTimeOffset now, CancellationToken ct)
    {
        if (closed.Verdict is not ("revoked" or "withdrawn")) return;
        await db.LockLotAsync(closed.LotId, ct);
        if (closed.Verdict == "revoked")
        {
            var bidder = await OpenSubAccount.FindOrAddAsync(db, closed.TenderId, closed.LotId, closed.BidderId, closed.BidderName, ct);
            bidder.RevokedAt ??= closed.At;
            // A run of refunds that stands still may have marked it already.
            await db.Deposits.Where(d => d.SubAccountId == bidder.Id && d.Stage == DepositStage.Secured && d.RunId != null).ExecuteUpdateAsync(set => set
                .SetProperty(d => d.RunId, (Guid?)null).SetProperty(d => d.ReleaseReason, (string?)null).SetProperty(d => d.RefundDueBy, (DateTimeOffset?)null).SetProperty(d => d.NextDueAt, (DateTimeOffset?)null), ct);
            return;
        }
        // Who has the award notice owes a contract, whatever is found of its archive afterwards: its deposit goes the contract's way, and what may be kept waits for its own decision.
        if (await db.Lots.FindAsync([closed.LotId], ct) is not { } lot || lot.WinnerId == closed.BidderId) return;
        if (await db.SubAccounts.Where(SubAccount.AwaitingDecision).AnyAsync(s => s.LotId == lot.Id && s.BidderId == closed.BidderId, ct)) return;
        var deposits = (await ReleaseDeposits.HeldAsync(db, lot.Id, ct)).Where(d => d.BidderId == closed.BidderId);
        var release = Release.NotOpened(closed.At);
        await ReleaseDeposits.HandleAsync(db, lot, deposits, release, now, ct);
        await ReleaseLetters.HandleAsync(db, lot, l => l.BidderId == closed.BidderId, release, now, ct);
    }

    private sealed record Closed(Guid TenderId, Guid LotId, Guid BidderId, string BidderName, string Verdict, DateTimeOffset At);
}
