using Microsoft.EntityFrameworkCore;
using Tendering.Contracts.Escrow;
using Tendering.Escrow.Data;
using Tendering.Escrow.Domain;
using Tendering.ServiceDefaults;

namespace Tendering.Escrow.Features;

/// <summary>Letters are given back when a deposit would be; what was presented and never verified too. The lot must be locked.</summary>
public static class ReleaseLetters
{
    public static async Task HandleAsync(EscrowDb db, Lot lot, Func<GuaranteeLetter, bool> which, Release release, DateTimeOffset now, CancellationToken ct)
    {
        var rule = lot.Law(release.Rule);
        var live = await db.GuaranteeLetters.FromSql($"select * from guarantee_letter where lot_id = {lot.Id} and stage in ('Presented', 'Verified') order by id for update").ToListAsync(ct);
        // What may be claimed waits for its own decision.
        var waiting = await db.SubAccounts.Where(SubAccount.AwaitingDecision).Where(s => s.LotId == lot.Id).Select(s => s.Id).ToListAsync(ct);
        foreach (var letter in live.Where(which).Where(l => l.Stage != LetterStage.Verified || !waiting.Contains(l.SubAccountId)))
        {
            letter.Release(release.Reason, now);
            db.Publish(new DepositReleased(lot.TenderId, lot.Id, letter.BidderId, letter.Amount, letter.Currency, release.Reason, rule.Id, rule.Article, lot.RefundDueBy(rule, release.Start), now, Securing.Letter), now);
        }
    }
}
