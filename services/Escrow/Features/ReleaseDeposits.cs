using Microsoft.EntityFrameworkCore;
using Tendering.Contracts.Escrow;
using Tendering.Escrow.Data;
using Tendering.Escrow.Domain;
using Tendering.ServiceDefaults;

namespace Tendering.Escrow.Features;

/// <summary>Holds end and refunds are ordered with their interest, in one booking for all of them. Every release goes this way.</summary>
public static class ReleaseDeposits
{
    /// <summary>The deposits that are held for a lot, locked. Lock the lot first: no payment may become a deposit meanwhile.</summary>
    public static Task<List<Deposit>> HeldAsync(EscrowDb db, Guid lotId, CancellationToken ct) =>
        db.Deposits.FromSql($"select * from deposit where lot_id = {lotId} and stage = 'Secured' order by sub_account_id for update").AsNoTracking().ToListAsync(ct);

    public static async Task HandleAsync(EscrowDb db, Lot lot, IEnumerable<Deposit> deposits, Release release, DateTimeOffset now, CancellationToken ct)
    {
        var rule = lot.Law(release.Rule);
        var dueBy = lot.RefundDueBy(rule, release.Start);
        var (batch, refunds) = (new List<Transfer>(), new List<Refund>());
        foreach (var deposit in deposits)
        {
            var interest = lot.InterestOn(deposit, release, now);
            deposit.Release(release.Reason, dueBy, interest, now);
            batch.AddRange(TransfersOf(deposit));
            var told = new DepositReleased(lot.TenderId, lot.Id, deposit.BidderId, deposit.Amount, deposit.Currency, release.Reason, rule.Id, rule.Article, dueBy, now, null, interest?.Statement.Amount);
            refunds.Add(new Refund(deposit, PaymentOrder.Refund(deposit, deposit.Amount, deposit.Interest, PurposeFor(lot), now), Outbox.Row(told, now)));
        }
        if (refunds.Count == 0) return;
        await Books.BookAllAsync(db, batch, now, ct);
        await Refunds.WriteAsync(db, refunds, ct);
    }

    private static IEnumerable<Transfer> TransfersOf(Deposit deposit)
    {
        var transit = Chart.IdOf(SystemAccount.Transit, deposit.Currency);
        yield return Transfer.Void(DerivedId.Of($"release:{deposit.Id}"), deposit.HoldId, TransferCodes.Released, deposit.BankReference).Linked();
        var refund = Transfer.Of(DerivedId.Of($"refund:{deposit.Id}"), deposit.SubAccountId, transit, deposit.Amount, TransferCodes.RefundOrdered, deposit.BankReference);
        yield return deposit.Interest > 0 ? refund.Linked() : refund;
        if (deposit.Interest > 0)
            yield return Transfer.Of(DerivedId.Of($"interest:{deposit.Id}"), Chart.IdOf(SystemAccount.Interest, deposit.Currency), transit, deposit.Interest, TransferCodes.InterestOrdered, deposit.BankReference);
    }

    public static string PurposeFor(Lot lot) => $"refund of bid deposit, tender {lot.TenderNumber} lot {lot.Number}";
}
