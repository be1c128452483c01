using Tendering.Escrow.Data;
using Tendering.Escrow.Domain;

namespace Tendering.Escrow.Features;

/// <summary>The issuer of a claimed letter has paid: the money goes on to the treasury in the same booking.</summary>
internal static class TakeClaimPayment
{
    /// <summary>The order to the treasury, and what is to be booked, linked; the letter must be locked and expect the payment.</summary>
    /// <param name="from">The account that the money lies on: the bank's, or suspense where a person decided.</param>
    public static (PaymentOrder Order, Transfer[] Transfers) Apply(EscrowDb db, GuaranteeLetter letter, Payment payment, Guid receipt, Guid from, DateTimeOffset now)
    {
        letter.Receive(payment.Amount);
        var (treasury, transit) = (Chart.IdOf(SystemAccount.Treasury, payment.Currency), Chart.IdOf(SystemAccount.Transit, payment.Currency));
        var order = PaymentOrder.ToTreasury($"claim:{payment.Reference}", OrderReasons.Claim, new TreasuryAccount(letter.TreasuryAccount!, letter.TreasuryName!), payment.Amount, payment.Currency,
            $"guarantee letter {letter.Number} claimed by decision {letter.DecisionNumber}", now);
        db.Add(order);
        return (order,
        [
            Transfer.Of(receipt, from, letter.ClaimAccountId, payment.Amount, TransferCodes.ClaimReceived, payment.Reference).Linked(),
            Transfer.Of(DerivedId.Of($"claim:{payment.Reference}"), letter.ClaimAccountId, treasury, payment.Amount, TransferCodes.ClaimToTreasury, letter.DecisionNumber!).Linked(),
            Transfer.Of(DerivedId.Of($"claim-order:{payment.Reference}"), treasury, transit, payment.Amount, TransferCodes.TreasuryOrdered, letter.DecisionNumber!),
        ]);
    }
}
