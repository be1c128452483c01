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

    /// <summary>The part of the amount that is interest.</summary>
    public long Interest { get; init; }

    /// <summary>What the payee reads on its statement.</summary>
    public required string Purpose { get; init; }

    public required DateTimeOffset OrderedAt { get; init; }
    public PaymentOrderStage Stage { get; private set; } = PaymentOrderStage.Ordered;
    public string? BankReference { get; private set; }
    public DateTimeOffset? BankBookedAt { get; private set; }

    /// <summary>The refund of a deposit with its interest, to the account it came from.</summary>
    public static PaymentOrder Refund(Deposit deposit, long amount, long interest, string purpose, DateTimeOffset now) =>
        Of($"deposit:{deposit.Id}", OrderReasons.Refund, deposit.Id, deposit.PayerAccount, deposit.PayerName, amount + interest, deposit.Currency, purpose, now, interest);

    /// <summary>Interest on a refund that came late, linked with it by the deposit.</summary>
    public static PaymentOrder Late(Deposit deposit, string purpose, DateTimeOffset now) =>
        Of($"deposit:{deposit.Id}", OrderReasons.LateInterest, deposit.Id, deposit.PayerAccount, deposit.PayerName, deposit.LateInterest, deposit.Currency, purpose, now, deposit.LateInterest);

    /// <summary>What was kept of a deposit, or came in by a claim, is paid on to the treasury.</summary>
    public static PaymentOrder ToTreasury(string subject, string reason, TreasuryAccount treasury, long amount, string currency, string purpose, DateTimeOffset now) =>
        Of(subject, reason, null, treasury.Number, treasury.Name, amount, currency, purpose, now);

    /// <summary>A payment that could not be taken goes back to its sender.</summary>
    public static PaymentOrder Return(Payment payment, string code, DateTimeOffset now) =>
        Of($"payment:{payment.Reference}", OrderReasons.Return, null, payment.PayerAccount, payment.PayerName, payment.Amount, payment.Currency, $"payment returned: {code}", now);

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

    private static PaymentOrder Of(string subject, string reason, Guid? deposit, string account, string name, long amount, string currency, string purpose, DateTimeOffset now, long interest = 0) => new()
    {
        Id = DerivedId.Of($"order:{reason}:{subject}"), Subject = subject, Reason = reason, DepositId = deposit, ToAccount = account, ToName = name, Amount = amount, Currency = currency,
        Purpose = purpose, OrderedAt = now, Interest = interest,
    };
}

/// <summary>What an order pays.</summary>
public static class OrderReasons
{
    public const string Refund = "refund";
    public const string LateInterest = "late-interest";
    public const string Return = "return";
    public const string Forfeit = "forfeit";
    public const string Claim = "claim";
}

/// <summary>Where the treasury takes what is not returned (非税收入账户).</summary>
public sealed record TreasuryAccount(string Number, string Name);
