using Microsoft.EntityFrameworkCore;
using Tendering.Contracts.Tenders;
using Tendering.Escrow.Data;
using Tendering.Escrow.Domain;
using Tendering.Protocols;
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
        lot.ContractedAt ??= signed.SignedAt;
        var held = await ReleaseDeposits.HeldAsync(db, lot.Id, ct);
        await ReleaseDeposits.HandleAsync(db, lot, held.Where(d => d.BidderId == signed.BidderId), new Release(ReleaseReasons.ContractSigned, RuleKey.RefundWinner, signed.SignedAt), message.Now, ct);
        await ReleaseDeposits.HandleAsync(db, lot, held.Where(d => d.BidderId != signed.BidderId), new Release(ReleaseReasons.NotAwarded, RuleKey.RefundLoser, signed.SignedAt), message.Now, ct);
    }
}
