namespace Tendering.Escrow.Domain;

/// <summary>A payment as the bank tells of it. Amount in minor units of its currency.</summary>
public sealed record Payment(string Reference, string AccountNumber, long Amount, string Currency, string PayerAccount, string PayerName, DateTimeOffset BookedAt)
{
    /// <summary>
    /// What becomes of it; the first ground that applies, in this order. Nothing is guessed: whatever is not exactly the deposit goes back to
    /// its sender, from the sub-account where it is the bidder's money, from suspense where it may be another's.
    /// </summary>
    public Judgement Judge(Lot? lot, SubAccount? bidder, BasicAccount? basic, bool isSecured)
    {
        if (lot is null || bidder?.Number is null || basic is null) return Judgement.Suspend("deposit-unknown-account", "There is no such account: the payment goes back. Ask for the account number again.");
        if (Currency != lot.Currency) return Judgement.Suspend("deposit-wrong-currency", $"The deposit is paid in {lot.Currency}: the payment goes back.");
        if (Plain(PayerAccount) != Plain(basic.Number)) return Judgement.Suspend("deposit-wrong-payer", "The payment did not come from the bidder's registered basic account: it goes back. Pay from that account.");
        if (lot.HasEnded) return Judgement.Refuse("deposit-lot-ended", "The lot has ended and takes no more deposits: the payment goes back.");
        if (BookedAt >= lot.BidDeadline) return Judgement.Refuse("deposit-too-late", $"The deposit was due before {lot.BidDeadline:u}; the bank booked the payment at {BookedAt.ToUniversalTime():u}: it goes back.");
        if (isSecured) return Judgement.Refuse("deposit-paid-twice", "The deposit is secured already: this payment goes back, and nothing more is to be done.");
        if (Amount < lot.Deposit) return Judgement.Refuse("deposit-too-small", "The payment is less than the deposit: it goes back. Pay the exact amount in one payment before the deadline.");
        if (Amount > lot.Deposit) return Judgement.Refuse("deposit-too-large", "The payment is more than the deposit: it goes back. Pay the exact amount in one payment before the deadline.");
        return Judgement.Secured;
    }

    // Banks print account numbers with spaces.
    private static string Plain(string account) => account.Replace(" ", "", StringComparison.Ordinal);
}

public enum Outcome { Secured, Refused, Suspense, Paid, Claim }

/// <summary>What becomes of a payment; code and reason where it goes back.</summary>
public sealed record Judgement(Outcome Outcome, string? Code, string? Reason)
{
    public static Judgement Secured { get; } = new(Outcome.Secured, null, null);
    /// <summary>The issuer of a guarantee letter paid what was claimed.</summary>
    public static Judgement Claim { get; } = new(Outcome.Claim, null, null);
    public static Judgement Refuse(string code, string reason) => new(Outcome.Refused, code, reason);
    public static Judgement Suspend(string code, string reason) => new(Outcome.Suspense, code, reason);
}

/// <summary>An entry of the bank's account, in or out, matched once by its reference and kept for ever.</summary>
public sealed class BankEntry
{
    public required string Reference { get; init; }

    /// <summary>Money came in.</summary>
    public required bool IsCredit { get; init; }

    public required string AccountNumber { get; init; }
    public required long Amount { get; init; }
    public required string Currency { get; init; }
    public required string CounterpartyAccount { get; init; }
    public required string CounterpartyName { get; init; }
    public required DateTimeOffset BookedAt { get; init; }
    public required Guid TransferId { get; init; }
    public required Outcome Outcome { get; init; }
    public string? Code { get; init; }
    public Guid? SubAccountId { get; init; }
    public required DateTimeOffset RecordedAt { get; init; }

    public static BankEntry In(Payment payment, Guid transferId, Judgement judgement, Guid? subAccountId, DateTimeOffset now) => new()
    {
        Reference = payment.Reference, IsCredit = true, AccountNumber = payment.AccountNumber, Amount = payment.Amount, Currency = payment.Currency, CounterpartyAccount = payment.PayerAccount,
        CounterpartyName = payment.PayerName, BookedAt = payment.BookedAt, TransferId = transferId, Outcome = judgement.Outcome, Code = judgement.Code, SubAccountId = subAccountId, RecordedAt = now,
    };

    public static BankEntry Out(PaymentOrder order, Guid transferId, DateTimeOffset now) => new()
    {
        Reference = order.BankReference!, IsCredit = false, AccountNumber = order.ToAccount, Amount = order.Amount, Currency = order.Currency, CounterpartyAccount = order.ToAccount,
        CounterpartyName = order.ToName, BookedAt = order.BankBookedAt!.Value, TransferId = transferId, Outcome = Outcome.Paid, RecordedAt = now,
    };

    /// <summary>The fields in which a repeat of this entry differs.</summary>
    public IEnumerable<string> DifferencesFrom(Payment payment)
    {
        if (!IsCredit) yield return "direction";
        if (AccountNumber != payment.AccountNumber) yield return "accountNumber";
        if (Amount != payment.Amount) yield return "amount";
        if (Currency != payment.Currency) yield return "currency";
        if (CounterpartyAccount != payment.PayerAccount) yield return "payerAccount";
        if (CounterpartyName != payment.PayerName) yield return "payerName";
        if (BookedAt != payment.BookedAt) yield return "bookedAt";
    }
}

/// <summary>The bank's moments as the database keeps them, in whole microseconds: a repeat compares equal.</summary>
public static class BankTime
{
    public static DateTimeOffset Of(DateTimeOffset moment) => new(moment.UtcTicks - moment.UtcTicks % TimeSpan.TicksPerMicrosecond, TimeSpan.Zero);
}
