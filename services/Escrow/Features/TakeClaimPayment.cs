using Tendering.Escrow.Data;
using Tendering.Escrow.Domain;

namespace Tendering.Escrow.Features;

/// <summary>The issuer of a claimed letter has paid: the money goes on to the treasury in the same booking.</summary>
internal static class TakeClaimPayment
{
    /// <summary>What is to be booked, linked; the letter must be locked and expect the payment.</summary>
    public static IEnumerable<Transfer> Apply(EscrowDb db, GuaranteeLetter letter, Payment payment, Guid receipt, DateTimeOffset now)
    {
        letter.Receive(payment.Amount);
        var (bank, treasury, transit) = (Chart.IdOf(SystemAccount.Bank, payment.Currency), Chart.IdOf(SystemAccount.Treasury, payment.Currency), Chart.IdOf(SystemAccount.Transit, payment.Currency));
        db.Add(PaymentOrder.ToTreasury($"claim:{payment.Reference}", OrderReasons.Claim, new TreasuryAccount(letter.TreasuryAccount!, letter.TreasuryName!), payment.Amount, payment.Currency,
            $"guarantee letter {letter.Number} claimed by decision {letter.DecisionNumber}", now));
        return
        [
            Transfer.Of(receipt, bank, letter.ClaimAccountId, payment.Amount, TransferCodes.ClaimReceived, payment.Reference).Linked(),
            Transfer.Of(DerivedId.Of($"claim:{payment.Reference}"), letter.ClaimAccountId, treasury, payment.Amount, TransferCodes.ClaimToTreasury, letter.DecisionNumber!).Linked(),
            Transfer.Of(DerivedId.Of($"claim-order:{payment.Reference}"), treasury, transit, payment.Amount, TransferCodes.TreasuryOrdered, letter.DecisionNumber!),
        ];
    }
}
