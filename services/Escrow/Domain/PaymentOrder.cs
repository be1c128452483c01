using Tendering.ServiceDefaults;

namespace Tendering.Escrow.Domain;

public enum PaymentOrderStage { Ordered, Confirmed }

/// <summary>The bank is to pay money back. Its id follows from what is paid back and why, so that nothing is paid back twice.</summary>
public sealed class PaymentOrder
{
    public required Guid Id { get; init; }
    public long Sequence { get; private init; }
    public required string Subject { get; init; }
    public required string Reason { get; init; }
    public Guid? DepositId { get; init; }
    public required string ToAccount { get; init; }
    public required string ToName { get; init; }
    public required long Amount { get; init; }
    public required string Currency { get; init; }

    /// <summary>What the payee reads on its statement.</summary>
    public required string Purpose { get; init; }

    public required DateTimeOffset OrderedAt { get; init; }
    public PaymentOrderStage Stage { get; private set; } = PaymentOrderStage.Ordered;
    public string? BankReference { get; private set; }
    public DateTimeOffset? BankBookedAt { get; private set; }

    /// <summary>The refund of a deposit, to the account it came from.</summary>
    public static PaymentOrder Refund(Deposit deposit, long amount, string purpose, DateTimeOffset now) =>
        Of($"deposit:{deposit.Id}", "refund", deposit.Id, deposit.PayerAccount, deposit.PayerName, amount, deposit.Currency, purpose, now);

    /// <summary>A payment that could not be taken goes back to its sender.</summary>
    public static PaymentOrder Return(Payment payment, string code, DateTimeOffset now) =>
        Of($"payment:{payment.Reference}", "return", null, payment.PayerAccount, payment.PayerName, payment.Amount, payment.Currency, $"payment returned: {code}", now);

    /// <summary>True if this confirms it now, false if it was confirmed by the same entry before.</summary>
    public bool Confirm(string bankReference, DateTimeOffset bookedAt)
    {
        if (Stage == PaymentOrderStage.Confirmed)
        {
            Rule.Require(BankReference == bankReference && BankBookedAt == bookedAt, "payment-order-confirmed", "This order was confirmed by another entry of the bank: nothing was booked. Compare the statement.");
            return false;
        }
        (Stage, BankReference, BankBookedAt) = (PaymentOrderStage.Confirmed, bankReference, bookedAt);
        return true;
    }

    private static PaymentOrder Of(string subject, string reason, Guid? deposit, string account, string name, long amount, string currency, string purpose, DateTimeOffset now) => new()
    {
        Id = DerivedId.Of($"order:{reason}:{subject}"), Subject = subject, Reason = reason, DepositId = deposit, ToAccount = account, ToName = name, Amount = amount, Currency = currency,
        Purpose = purpose, OrderedAt = now,
    };
}
