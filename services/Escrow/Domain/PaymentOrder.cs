using System.Globalization;
using Tendering.ServiceDefaults;

namespace Tendering.Escrow.Domain;

/// <summary>Returned: the bank brought the money back. Replaced: it was ordered anew.</summary>
public enum PaymentOrderStage { Ordered, Confirmed, Returned, Replaced }

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

    /// <summary>The file that it went out with; null while it waits for one.</summary>
    public Guid? FileId { get; private set; }

    /// <summary>When it is to be put into a file.</summary>
    public DateTimeOffset? NextDueAt { get; private set; }

    public DateTimeOffset? ReturnedAt { get; private set; }
    public string? ReturnReference { get; private set; }

    /// <summary>What it is paid for, whichever attempt it is.</summary>
    public string Cause => Subject[Prefix..];

    /// <summary>1, and one more for each time that the money came back.</summary>
    public int Attempt => Prefix == 0 ? 1 : int.Parse(Subject.AsSpan(0, Prefix - 1), CultureInfo.InvariantCulture);

    // A further attempt stands in front, as 2#payment:…: what follows may be a bank's reference, which may hold any character.
    private int Prefix => char.IsAsciiDigit(Subject[0]) ? Subject.IndexOf('#', StringComparison.Ordinal) + 1 : 0;

    /// <summary>Its name on the way to the payee and on the bank's statement: 32 characters, as the format allows no more than 35.</summary>
    public string EndToEndId => Id.ToString("N");

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

    /// <summary>The money of an order that came back is paid anew, to an account that may have been corrected.</summary>
    public static PaymentOrder Again(PaymentOrder returned, string account, string name, DateTimeOffset now) =>
        Of($"{returned.Attempt + 1}#{returned.Cause}", returned.Reason, returned.DepositId, account, name, returned.Amount, returned.Currency, returned.Purpose, now, returned.Interest);

    /// <summary>What a person sends back from the work list, to the account that the document names.</summary>
    public static PaymentOrder Return(WorkItem item, string account, string name, DateTimeOffset now) =>
        Of($"payment:{item.Reference}", OrderReasons.Return, null, account, name, item.Amount, item.Currency, $"payment returned: {item.Code}", now);

    /// <summary>The bank never had it or lost it: it goes out once more under the same end-to-end id.</summary>
    public void SendAgain(DateTimeOffset now)
    {
        Rule.Require(Stage == PaymentOrderStage.Ordered, "payment-order-confirmed", "The bank has paid this order: nothing is sent again.");
        Rule.Require(FileId is not null, "payment-order-waits", "This order has not gone out yet: wait for its file.");
        (FileId, NextDueAt) = (null, now);
    }

    /// <summary>The bank has paid it.</summary>
    public void Confirm(string bankReference, DateTimeOffset bookedAt)
    {
        Rule.Require(Stage == PaymentOrderStage.Ordered, "payment-order-confirmed", "This order was confirmed by another entry of the bank. Compare the statement.");
        (Stage, BankReference, BankBookedAt, NextDueAt) = (PaymentOrderStage.Confirmed, bankReference, bookedAt, null);
    }

    /// <summary>The bank has brought the money back.</summary>
    public void ComeBack(string bankReference, DateTimeOffset now)
    {
        Rule.Require(Stage == PaymentOrderStage.Confirmed, "illegal-move", "Only what was paid can come back.");
        (Stage, ReturnReference, ReturnedAt) = (PaymentOrderStage.Returned, bankReference, now);
    }

    public void Replace()
    {
        Rule.Require(Stage == PaymentOrderStage.Returned, "illegal-move", "Only what came back is ordered anew.");
        Stage = PaymentOrderStage.Replaced;
    }

    private static PaymentOrder Of(string subject, string reason, Guid? deposit, string account, string name, long amount, string currency, string purpose, DateTimeOffset now, long interest = 0) => new()
    {
        Id = DerivedId.Of($"order:{reason}:{subject}"), Subject = subject, Reason = reason, DepositId = deposit, ToAccount = account, ToName = name, Amount = amount, Currency = currency,
        Purpose = purpose, OrderedAt = now, NextDueAt = now, Interest = interest,
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
