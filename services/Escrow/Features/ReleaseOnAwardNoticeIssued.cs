using Microsoft.EntityFrameworkCore;
using Tendering.Contracts.Tenders;
using Tendering.Escrow.Data;
using Tendering.Escrow.Domain;
using Tendering.Protocols;
using Tendering.ServiceDefaults;

namespace Tendering.Escrow.Features;

/// <summary>The award notice names who must sign by when; where the law wants it, the others' deposits go back from now on.</summary>
public static class ReleaseOnAwardNoticeIssued
{
    public static async Task Handle(Received<AwardNoticeIssued> message, EscrowDb db, CancellationToken ct)
    {
        var notice = message.Event;
        await db.LockLotAsync(notice.LotId, ct);
        var lot = await db.Lots.SingleAsync(l => l.Id == notice.LotId, ct);
        await AwardLapses.NoteAsync(db, lot, notice.BidderId, notice.IssuedAt, ct);
        lot.Name(notice.BidderId, notice.IssuedAt, notice.ContractDueBy);
        if (RuleSet.Get(lot.RuleSet).Find(RuleKey.RefundLoserAtNotice) is null) return;
        var release = Release.LoserAtNotice(notice.IssuedAt);
        await RunRefunds.StartAsync(db, lot, release, RunRefunds.Whose.Losers, notice.BidderId, message.Now, ct);
        await ReleaseLetters.HandleAsync(db, lot, l => l.BidderId != notice.BidderId, release, message.Now, ct);
    }
}
