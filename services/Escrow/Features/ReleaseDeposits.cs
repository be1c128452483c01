using Microsoft.EntityFrameworkCore;
using Tendering.Contracts.Escrow;
using Tendering.Escrow.Data;
using Tendering.Escrow.Domain;
using Tendering.Protocols;
using Tendering.ServiceDefaults;

namespace Tendering.Escrow.Features;

/// <summary>Why deposits are released, by which rule, and when the time for their refund begins.</summary>
public sealed record Release(string Reason, RuleKey Rule, DateTimeOffset Start);

/// <summary>Holds end and refunds are ordered at once, in one booking for all of them. Every release goes this way.</summary>
public static class ReleaseDeposits
{
    /// <summary>The deposits that are held for a lot, locked. Lock the lot first: no payment may become a deposit meanwhile.</summary>
    public static Task<List<Deposit>> HeldAsync(EscrowDb db, Guid lotId, CancellationToken ct) =>
        db.Deposits.FromSql($"select * from deposit where lot_id = {lotId} and stage = 'Secured' order by sub_account_id for update").ToListAsync(ct);

    public static async Task HandleAsync(EscrowDb db, Lot lot, IEnumerable<Deposit> deposits, Release release, DateTimeOffset now, CancellationToken ct)
    {
        var rule = lot.Law(release.Rule);
        var dueBy = lot.RefundDueBy(rule, release.Start);
        var transit = Chart.IdOf(SystemAccount.Transit, lot.Currency);
        var batch = new List<Transfer>();
        foreach (var deposit in deposits)
        {
            deposit.Release(release.Reason, dueBy, now);
            batch.Add(Transfer.Void(DerivedId.Of($"release:{deposit.Id}"), deposit.HoldId, TransferCodes.Released, deposit.BankReference).Linked());
            batch.Add(Transfer.Of(DerivedId.Of($"refund:{deposit.Id}"), deposit.SubAccountId, transit, deposit.Amount, TransferCodes.RefundOrdered, deposit.BankReference));
            db.Add(PaymentOrder.Refund(deposit, deposit.Amount, PurposeFor(lot), now));
            db.Publish(new DepositReleased(lot.TenderId, lot.Id, deposit.BidderId, deposit.Amount, deposit.Currency, release.Reason, rule.Id, rule.Article, dueBy, now), now);
        }
        if (batch.Count > 0) await Books.BookAllAsync(db, batch, now, ct);
    }

    public static string PurposeFor(Lot lot) => $"refund of bid deposit, tender {lot.TenderNumber} lot {lot.Number}";
}
