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
    public required DateTimeOffset SecuredAt { get; init; }

    public DepositStage Stage { get; private set; } = DepositStage.Secured;
    public DateTimeOffset? ReleasedAt { get; private set; }
    public string? ReleaseReason { get; private set; }
    public DateTimeOffset? RefundDueBy { get; private set; }

    /// <summary>What the bank has confirmed to be back with the bidder.</summary>
    public long Refunded { get; private set; }

    public long Forfeited { get; private set; }
    public string? DecisionNumber { get; private set; }
    public string? DecisionHash { get; private set; }

    /// <summary>The pending transfer that holds it.</summary>
    public Guid HoldId => DerivedId.Of($"hold:{Id}");

    public static Deposit Secure(SubAccount bidder, Payment payment, DateTimeOffset now) => new()
    {
        SubAccountId = bidder.Id, TenderId = bidder.TenderId, LotId = bidder.LotId, BidderId = bidder.BidderId, Amount = payment.Amount, Currency = payment.Currency,
        BankReference = payment.Reference, PayerAccount = payment.PayerAccount, PayerName = payment.PayerName, SecuredAt = now,
    };

    public void Release(string reason, DateTimeOffset refundDueBy, DateTimeOffset now)
    {
        MoveTo(DepositStage.Released);
        (ReleaseReason, RefundDueBy, ReleasedAt) = (reason, refundDueBy, now);
    }

    /// <summary>The whole or a part goes to the treasury; what is left is the answer and goes back.</summary>
    public long Forfeit(long amount, string decisionNumber, string decisionHash, DateTimeOffset refundDueBy, DateTimeOffset now)
    {
        Rule.Require(amount is > 0 && amount <= Amount, "forfeiture-exceeds-deposit", $"Between 1 and {Amount} may be kept.");
        MoveTo(DepositStage.Forfeited);
        (Forfeited, DecisionNumber, DecisionHash) = (amount, decisionNumber, decisionHash);
        if (amount < Amount) (ReleaseReason, RefundDueBy, ReleasedAt) = (ReleaseReasons.ForfeitedInPart, refundDueBy, now);
        return Amount - amount;
    }

    public void ConfirmRefund(long amount)
    {
        Rule.Require(Refunded == 0 && amount == Amount - Forfeited, "illegal-move", "This deposit was refunded already, or another amount is owed.");
        if (Stage != DepositStage.Forfeited) MoveTo(DepositStage.Refunded);
        Refunded = amount;
    }

    /// <summary>What was paid back came back: it is owed again.</summary>
    public void ReopenRefund()
    {
        if (Stage != DepositStage.Forfeited) MoveTo(DepositStage.Released);
        Refunded = 0;
    }

    /// <summary>The money that secured it was never there.</summary>
    public void Undo() => MoveTo(DepositStage.Undone);

    private void MoveTo(DepositStage next)
    {
        Rule.Require(Moves.Contains((Stage, next)), "illegal-move", $"A deposit that is {Stage} cannot become {next}.");
        Stage = next;
    }
}

/// <summary>Why a hold ended.</summary>
public static class ReleaseReasons
{
    public const string BidWithdrawn = "bid-withdrawn";
    public const string NotOpened = "bid-not-opened";
    public const string LotFailed = "lot-failed";
    public const string NotAwarded = "not-awarded";
    public const string ContractSigned = "contract-signed";
    public const string ForfeitedInPart = "forfeited-in-part";
}
