namespace Tendering.Escrow.Domain;

/// <summary>A transfer moves at once; a pending one only holds, until it is posted (whole or part), voided or expired, at most once.</summary>
public enum TransferKind { Transfer, Pending, Post, Void, Expire }

/// <summary>
/// What a client asks the ledger for. The id is the client's and the key to idempotency. A post or void takes accounts and amount from the
/// pending transfer where it gives none. Linked transfers stand or fall together, with the first that is not linked on.
/// <paramref name="TimeOut"/> is in seconds from the booking, for pending ones; 0 means never.
/// </summary>
public sealed record Transfer(
    Guid Id, TransferKind Kind, Guid? DebitAccount, Guid? CreditAccount, long? Amount, Guid? PendingId, string Code, string Reference, bool LinkedToNext = false, int TimeOut = 0)
{
    public const long AmountMax = 1_000_000_000_000_000;
    public const int CodeLengthMax = 40, ReferenceLengthMax = 100, TimeOutMax = 3_660 * 86_400;

    public static Transfer Of(Guid id, Guid debit, Guid credit, long amount, string code, string reference) => new(id, TransferKind.Transfer, debit, credit, amount, null, code, reference);

    public static Transfer Pending(Guid id, Guid debit, Guid credit, long amount, string code, string reference, int timeOut = 0) =>
        new(id, TransferKind.Pending, debit, credit, amount, null, code, reference, TimeOut: timeOut);

    public static Transfer Post(Guid id, Guid pendingId, long? amount, string code, string reference) => new(id, TransferKind.Post, null, null, amount, pendingId, code, reference);

    public static Transfer Void(Guid id, Guid pendingId, string code, string reference) => new(id, TransferKind.Void, null, null, null, pendingId, code, reference);

    /// <summary>The end of a hold whose time-out has passed: booked when it is due, never asked for by a client.</summary>
    public static Transfer Expire(Guid id, Guid pendingId, string code, string reference) => new(id, TransferKind.Expire, null, null, null, pendingId, code, reference);

    public Transfer Linked() => this with { LinkedToNext = true };
}

/// <summary>
/// A transfer in the books, for ever. <paramref name="Posted"/> and <paramref name="Held"/> are what it adds to the posted and the pending
/// sums of both its accounts, so that a balance is a plain sum. <paramref name="Chain"/> is the first of those it was linked with.
/// </summary>
public sealed record BookedTransfer(
    Guid Id, Guid Chain, TransferKind Kind, Guid DebitAccount, Guid CreditAccount, long Amount, long Posted, long Held, string Currency, Guid? PendingId, string Code, string Reference,
    bool Linked, int TimeOut, DateTimeOffset? ExpiresAt);

/// <summary>What became of one transfer of a batch. A refusal is one of <see cref="Refusals"/>; a repeat is the earlier answer again.</summary>
public readonly record struct Verdict(Guid Id, string? Refusal, bool Repeated)
{
    public bool IsBooked => Refusal is null;
}

/// <summary>The named refusals of the ledger.</summary>
public static class Refusals
{
    public const string IdEmpty = "id-must-not-be-empty";
    public const string TextTooLong = "text-too-long";
    public const string TextUnstorable = "text-cannot-be-stored";
    public const string AccountsNeeded = "accounts-must-be-given";
    public const string AccountsEqual = "accounts-must-be-different";
    public const string AmountRange = "amount-out-of-range";
    public const string TimeOutRange = "time-out-out-of-range";
    public const string TimeOutUnwanted = "time-out-must-be-zero";
    public const string PendingIdNeeded = "pending-id-must-be-given";
    public const string PendingIdUnwanted = "pending-id-must-be-empty";
    public const string DebitAccountNotFound = "debit-account-not-found";
    public const string CreditAccountNotFound = "credit-account-not-found";
    public const string CurrenciesDiffer = "accounts-have-different-currencies";
    public const string PendingNotFound = "pending-transfer-not-found";
    public const string PendingNotPending = "pending-transfer-not-pending";
    public const string PendingPosted = "pending-transfer-already-posted";
    public const string PendingVoided = "pending-transfer-already-voided";
    public const string PendingExpired = "pending-transfer-expired";
    public const string PendingNotDue = "pending-transfer-not-due-to-expire";
    public const string PendingOtherDebit = "pending-transfer-has-different-debit-account";
    public const string PendingOtherCredit = "pending-transfer-has-different-credit-account";
    public const string PendingExceeded = "exceeds-pending-transfer-amount";
    public const string PendingOtherAmount = "pending-transfer-has-different-amount";
    public const string ExceedsCredits = "exceeds-credits";
    public const string ExceedsDebits = "exceeds-debits";
    public const string Overflow = "overflows-balance";
    public const string LinkedFailed = "linked-transfer-failed";
    public const string LinkedOpen = "linked-chain-open";
    public const string LinkedPartly = "linked-chain-partly-exists";
    public const string ExistsOtherKind = "exists-with-different-kind";
    public const string ExistsOtherPending = "exists-with-different-pending-id";
    public const string ExistsOtherDebit = "exists-with-different-debit-account";
    public const string ExistsOtherCredit = "exists-with-different-credit-account";
    public const string ExistsOtherAmount = "exists-with-different-amount";
    public const string ExistsOtherCode = "exists-with-different-code";
    public const string ExistsOtherReference = "exists-with-different-reference";
    public const string ExistsOtherTimeOut = "exists-with-different-time-out";
    public const string ExistsOtherLink = "exists-with-different-link";
    public const string ExistsOtherChain = "exists-with-different-chain";
}
