using Microsoft.EntityFrameworkCore;
using Tendering.Contracts.Tenders;
using Tendering.Escrow.Data;
using Tendering.Escrow.Domain;
using Tendering.ServiceDefaults;

namespace Tendering.Escrow.Features;

/// <summary>The contract is signed: the winner's and the losers' deposits go back, each by its own rule.</summary>
public static class ReleaseOnContractSigned
{
    public static async Task Handle(Received<ContractSigned> message, EscrowDb db, CancellationToken ct)
    {
        var signed = message.Event;
        await db.LockLotAsync(signed.LotId, ct);
        var lot = await db.Lots.SingleAsync(l => l.Id == signed.LotId, ct);
        await AwardLapses.NoteAsync(db, lot, signed.BidderId, signed.SignedAt, ct);
        lot.ContractedAt ??= signed.SignedAt;
        var (winner, loser) = (Release.Winner(signed.SignedAt), Release.Loser(signed.SignedAt));
        await RunRefunds.StartAsync(db, lot, winner, RunRefunds.Whose.Winner, signed.BidderId, message.Now, ct);
        await RunRefunds.StartAsync(db, lot, loser, RunRefunds.Whose.Losers, signed.BidderId, message.Now, ct);
        await ReleaseLetters.HandleAsync(db, lot, l => l.BidderId == signed.BidderId, winner, message.Now, ct);
        await ReleaseLetters.HandleAsync(db, lot, l => l.BidderId != signed.BidderId, loser, message.Now, ct);
    }
}
