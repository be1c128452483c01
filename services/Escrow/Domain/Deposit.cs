using System.Collections.Frozen;
using Tendering.ServiceDefaults;

namespace Tendering.Escrow.Domain;

public enum DepositStage { Secured, Released, Refunded, Forfeited, Undone }

/// <summary>A payment that secures a bid (投标保证金), from its hold to its end.</summary>
public sealed class Deposit
{
    // The whole life of a deposit. A move that is not in this table is refused.
    public static readonly FrozenSet<(DepositStage From, DepositStage To)> Moves = new[]
    {
        (DepositStage.Secured, DepositStage.Released),
        (DepositStage.Released, DepositStage.Refunded),
        (DepositStage.Secured, DepositStage.Forfeited),
        (DepositStage.Refunded, DepositStage.Released),           // the bank brought the money back
        (DepositStage.Secured, DepositStage.Undone),              // the bank took back what it had booked as received
    }.ToFrozenSet();

    public Guid Id { get; private init; } = Guid.CreateVersion7();
    public required Guid SubAccountId { get; init; }
    public required Guid TenderId { get; init; }
    public required Guid LotId { get; init; }
    public required Guid BidderId { get; init; }

    /// <summary>In minor units.</summary>
    public required long Amount { get; init; }

    public required string Currency { get; init; }
    public required string BankReference { get; init; }

    // Kept for the refund, and since two bidders paid from one account are a presumption of collusion.
    public required string PayerAccount { get; init; }
    public required string PayerName { get; init; }

    /// <summary>When the bank booked the payment: interest begins with its day.</summary>
    public required DateTimeOffset ReceivedAt { get; init; }

    public required DateTimeOffset SecuredAt { get; init; }

    public DepositStage Stage { get; private set; } = DepositStage.Secured;
    public DateTimeOffset? ReleasedAt { get; private set; }
    public string? ReleaseReason { get; private set; }
    public DateTimeOffset? RefundDueBy { get; private set; }

    /// <summary>The refund run that is to order the refund, where one does.</summary>
    public Guid? RunId { get; private set; }

    /// <summary>The bank's interest, ordered with the refund, and how it was counted.</summary>
    public long Interest { get; private set; }
    public RefundInterest? InterestTerms { get; private set; }

    /// <summary>What the refund had to bear since it came too late.</summary>
    public long LateInterest { get; private set; }
    public RefundInterest? LateTerms { get; private set; }

    /// <summary>What the bank has confirmed to be back with the bidder, without interest.</summary>
    public long Refunded { get; private set; }

    public DateTimeOffset? ReturnedAt { get; private set; }

    /// <summary>When somebody looks whether the refund is overdue.</summary>
    public DateTimeOffset? NextDueAt { get; private set; }

    public long Forfeited { get; private set; }
    public string? DecisionNumber { get; private set; }
    public string? DecisionHash { get; private set; }

    /// <summary>The pending transfer that holds it.</summary>
    public Guid HoldId => DerivedId.Of($"hold:{Id}");

    public static Deposit Secure(SubAccount bidder, Payment payment, DateTimeOffset now) => new()
    {
        SubAccountId = bidder.Id, TenderId = bidder.TenderId, LotId = bidder.LotId, BidderId = bidder.BidderId, Amount = payment.Amount, Currency = payment.Currency,
        BankReference = payment.Reference, PayerAccount = payment.PayerAccount, PayerName = payment.PayerName, ReceivedAt = payment.BookedAt, SecuredAt = now,
    };

    public void Release(string reason, DateTimeOffset refundDueBy, RefundInterest? interest, DateTimeOffset now)
    {
        MoveTo(DepositStage.Released);
        (ReleaseReason, RefundDueBy, NextDueAt, ReleasedAt) = (reason, refundDueBy, refundDueBy, now);
        (Interest, InterestTerms) = (interest?.Statement.Amount ?? 0, interest);
    }

    /// <summary>The whole or a part goes to the treasury; what is left is the answer and goes back.</summary>
    public long Forfeit(long amount, string decisionNumber, string decisionHash, DateTimeOffset refundDueBy, DateTimeOffset now)
    {
        Rule.Require(amount is > 0 && amount <= Amount, "forfeiture-exceeds-deposit", $"Between 1 and {Amount} may be kept.");
        MoveTo(DepositStage.Forfeited);
        (Forfeited, DecisionNumber, DecisionHash, RefundDueBy, NextDueAt, ReleaseReason) = (amount, decisionNumber, decisionHash, null, null, null);
        if (amount < Amount) (ReleaseReason, RefundDueBy, NextDueAt, ReleasedAt) = (ReleaseReasons.ForfeitedInPart, refundDueBy, refundDueBy, now);
        return Amount - amount;
    }

    /// <summary>The bank has paid it back. Interest for coming late is the answer, null where none is owed; it is a further payment.</summary>
    public RefundInterest? ConfirmRefund(long amount, DateTimeOffset returnedAt, Lot lot)
    {
        Rule.Require(Refunded == 0 && amount == Amount - Forfeited, "illegal-move", "This deposit was refunded already, or another amount is owed.");
        if (Stage != DepositStage.Forfeited) MoveTo(DepositStage.Refunded);
        (Refunded, ReturnedAt, NextDueAt) = (amount, returnedAt, null);
        if (lot.LateInterestOn(amount, RefundDueBy!.Value, returnedAt) is not { Statement.Amount: > 0 } late) return null;
        (LateInterest, LateTerms) = (late.Statement.Amount, late);
        return late;
    }

    /// <summary>What was paid back came back: it is owed again.</summary>
    public void ReopenRefund()
    {
        if (Stage != DepositStage.Forfeited) MoveTo(DepositStage.Released);
        (Refunded, ReturnedAt, NextDueAt) = (0, null, RefundDueBy);
    }

    /// <summary>What came back was paid anew.</summary>
    public RefundInterest? ConfirmAgain(long amount, DateTimeOffset returnedAt)
    {
        Rule.Require(Refunded == 0 && amount == Amount - Forfeited, "illegal-move", "This deposit was refunded already, or another amount is owed.");
        if (Stage != DepositStage.Forfeited) MoveTo(DepositStage.Refunded);
        (Refunded, ReturnedAt, NextDueAt) = (amount, returnedAt, null);
        return null;
    }

    /// <summary>The money that secured it was never there.</summary>
    public void Undo() => MoveTo(DepositStage.Undone);

    private void MoveTo(DepositStage next)
    {
        Rule.Require(Moves.Contains((Stage, next)), "illegal-move", $"A deposit that is {Stage} cannot become {next}.");
        Stage = next;
    }
}
