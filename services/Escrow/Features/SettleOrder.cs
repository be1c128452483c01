using Microsoft.EntityFrameworkCore;
using Tendering.Contracts.Escrow;
using Tendering.Escrow.Data;
using Tendering.Escrow.Domain;
using Tendering.ServiceDefaults;

namespace Tendering.Escrow.Features;

/// <summary>What an order that the bank has paid means for the deposit or letter that it was for.</summary>
public static class SettleOrder
{
    /// <summary>Call it once for an order, with the confirmation's transaction.</summary>
    public static Task HandleAsync(EscrowDb db, PaymentOrder order, DateTimeOffset now, CancellationToken ct) => order.Reason switch
    {
        OrderReasons.Refund => RefundAsync(db, order, now, ct),
        OrderReasons.LateInterest => LateInterestAsync(db, order, now, ct),
        OrderReasons.Forfeit => ForfeitAsync(db, order, now, ct),
        OrderReasons.Claim => ClaimAsync(db, order, now, ct),
        _ => Task.CompletedTask,
    };

    private static async Task RefundAsync(EscrowDb db, PaymentOrder order, DateTimeOffset now, CancellationToken ct)
    {
        var deposit = await LockedAsync(db, order, ct);
        var lot = await db.Lots.SingleAsync(l => l.Id == deposit.LotId, ct);
        // A refund that came back and was paid anew bears no interest for the time between: it was not the centre that kept it.
        var late = order.Attempt > 1 ? deposit.ConfirmAgain(order.Amount - order.Interest, order.BankBookedAt!.Value) : deposit.ConfirmRefund(order.Amount - order.Interest, order.BankBookedAt!.Value, lot);
        long? interest = order.Interest > 0 ? order.Interest : null;
        db.Publish(new DepositRefunded(deposit.TenderId, deposit.LotId, deposit.BidderId, order.Amount - order.Interest, order.Currency, order.BankReference!, order.BankBookedAt!.Value, interest), now);
        if (late is null) return;
        await Books.BookAllAsync(db, [Transfer.Of(DerivedId.Of($"late-interest:{deposit.Id}"), Chart.IdOf(SystemAccount.Interest, deposit.Currency), Chart.IdOf(SystemAccount.Transit, deposit.Currency),
            deposit.LateInterest, TransferCodes.InterestOrdered, deposit.BankReference)], now, ct);
        db.Add(PaymentOrder.Late(deposit, $"interest for late {ReleaseDeposits.PurposeFor(lot)}", now));
    }

    /// <summary>The bank has brought the money back: a refund is owed again until it is paid anew.</summary>
    public static async Task ReopenAsync(EscrowDb db, PaymentOrder order, string reference, DateTimeOffset now, CancellationToken ct)
    {
        order.ComeBack(reference, now);
        if (order.Reason != OrderReasons.Refund) return;
        var deposit = await LockedAsync(db, order, ct);
        deposit.ReopenRefund();
        db.Publish(new RefundReturned(deposit.TenderId, deposit.LotId, deposit.BidderId, order.Amount - order.Interest, order.Currency, reference, now), now);
    }

    private static async Task LateInterestAsync(EscrowDb db, PaymentOrder order, DateTimeOffset now, CancellationToken ct)
    {
        var deposit = await LockedAsync(db, order, ct);
        var terms = deposit.LateTerms!;
        db.Publish(new LateInterestPaid(deposit.TenderId, deposit.LotId, deposit.BidderId, order.Amount, order.Currency, terms.Rule, terms.Article, order.BankReference!, order.BankBookedAt!.Value), now);
    }

    private static async Task ForfeitAsync(EscrowDb db, PaymentOrder order, DateTimeOffset now, CancellationToken ct)
    {
        var id = Guid.Parse(order.Cause["deposit:".Length..]);
        var deposit = await db.Deposits.AsNoTracking().SingleAsync(d => d.Id == id, ct);
        db.Publish(new ForfeitPaid(deposit.TenderId, deposit.LotId, deposit.BidderId, order.Amount, order.Currency, deposit.DecisionNumber!, order.BankReference!, order.BankBookedAt!.Value), now);
    }

    private static async Task ClaimAsync(EscrowDb db, PaymentOrder order, DateTimeOffset now, CancellationToken ct)
    {
        var letter = (await Concern.LetterOfClaimAsync(db, order.Cause["claim:".Length..], ct))!;
        db.Publish(new ForfeitPaid(letter.TenderId, letter.LotId, letter.BidderId, order.Amount, order.Currency, letter.DecisionNumber!, order.BankReference!, order.BankBookedAt!.Value), now);
    }

    private static Task<Deposit> LockedAsync(EscrowDb db, PaymentOrder order, CancellationToken ct) => db.Deposits.FromSql($"select * from deposit where id = {order.DepositId} for update").SingleAsync(ct);
}
