using Microsoft.EntityFrameworkCore;
using Tendering.Escrow.Data;
using Tendering.Escrow.Domain;

namespace Tendering.Escrow.Features;

/// <summary>The issuer of a claimed letter has paid: the money goes on to the treasury in the same booking. A payment that is not as claimed is not taken here and goes back.</summary>
public static class TakeClaimPayment
{
    /// <summary>True if the payment was for a claim and is booked; the caller keeps the bank's entry with <see cref="Outcome.Claim"/>.</summary>
    public static async Task<bool> TryAsync(EscrowDb db, Payment payment, Guid receipt, DateTimeOffset now, CancellationToken ct)
    {
        var letter = await db.GuaranteeLetters.FromSql($"select * from guarantee_letter where claim_account = {payment.AccountNumber} for update").SingleOrDefaultAsync(ct);
        if (letter is null || !letter.Expects(payment)) return false;
        letter.Receive(payment.Amount);
        var (bank, treasury, transit) = (Chart.IdOf(SystemAccount.Bank, payment.Currency), Chart.IdOf(SystemAccount.Treasury, payment.Currency), Chart.IdOf(SystemAccount.Transit, payment.Currency));
        await Books.BookAllAsync(db,
        [
            Transfer.Of(receipt, bank, letter.ClaimAccountId, payment.Amount, TransferCodes.ClaimReceived, payment.Reference).Linked(),
            Transfer.Of(DerivedId.Of($"claim:{payment.Reference}"), letter.ClaimAccountId, treasury, payment.Amount, TransferCodes.ClaimToTreasury, letter.DecisionNumber!).Linked(),
            Transfer.Of(DerivedId.Of($"claim-order:{payment.Reference}"), treasury, transit, payment.Amount, TransferCodes.TreasuryOrdered, letter.DecisionNumber!),
        ], now, ct);
        db.Add(PaymentOrder.ToTreasury($"claim:{payment.Reference}", OrderReasons.Claim, new TreasuryAccount(letter.TreasuryAccount!, letter.TreasuryName!), payment.Amount, payment.Currency,
            $"guarantee letter {letter.Number} claimed by decision {letter.DecisionNumber}", now));
        return true;
    }
}
