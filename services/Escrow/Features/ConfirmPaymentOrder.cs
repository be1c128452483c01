using Tendering.Contracts.Escrow;
using Tendering.Escrow.Data;
using Tendering.Escrow.Domain;
using Tendering.ServiceDefaults;

namespace Tendering.Escrow.Features;

/// <summary>The bank has paid an order, as its notification or statement shows; or it has brought the money back. Each once.</summary>
internal static class ConfirmPaymentOrder
{
    /// <summary>The id of the transfer by which the money leaves the books; the caller books it.</summary>
    public static Guid Apply(EscrowDb db, PaymentOrder order, Deposit? deposit, string reference, DateTimeOffset bookedAt, DateTimeOffset now)
    {
        order.Confirm(reference, bookedAt);
        if (deposit is not null)
        {
            deposit.ConfirmRefund(order.Amount);
            db.Publish(new DepositRefunded(deposit.TenderId, deposit.LotId, deposit.BidderId, order.Amount, order.Currency, reference, bookedAt), now);
        }
        return DerivedId.Of($"paid:{order.Id}");
    }

    /// <summary>The refund is owed again until finance has paid it anew.</summary>
    public static void ComeBack(EscrowDb db, PaymentOrder order, Deposit? deposit, string reference, DateTimeOffset now)
    {
        order.ComeBack(reference, now);
        if (deposit is null) return;
        deposit.ReopenRefund();
        db.Publish(new RefundReturned(deposit.TenderId, deposit.LotId, deposit.BidderId, order.Amount, order.Currency, reference, now), now);
    }
}
