using Tendering.Escrow.Domain;

namespace Tendering.Escrow.Tests.Domain;

/// <summary>
/// The books as simply as they can be said: a list of what was booked, and every sum counted anew from it. Slow, without cleverness, and
/// written without a look at the ledger, so that the two can be compared.
/// </summary>
public sealed class LedgerModel(IReadOnlyList<Account> accounts)
{
    /// <summary>Whole: the amount that a settlement could have taken.</summary>
    private sealed record Entry(Transfer Asked, Guid Debit, Guid Credit, long Amount, long Whole, Guid Head, DateTimeOffset BookedAt);

    private List<Entry> _entries = [];

    public IEnumerable<Account> Accounts => accounts;

    public string?[] Apply(IReadOnlyList<Transfer> batch, DateTimeOffset now)
    {
        var answers = new List<string?>();
        var chain = new List<Transfer>();
        foreach (var transfer in batch)
        {
            chain.Add(transfer);
            if (transfer.LinkedToNext) continue;
            answers.AddRange(ApplyChain(chain, now));
            chain = [];
        }
        if (chain.Count > 0) answers.AddRange(chain.Select((_, i) => i == chain.Count - 1 ? "linked-chain-open" : "linked-transfer-failed"));
        return [.. answers];
    }

    public LedgerModel Copy() => new(accounts) { _entries = [.. _entries] };

    public Balance BalanceOf(Guid account) => new(Posted(e => e.Debit == account), Posted(e => e.Credit == account), Pending(e => e.Debit == account), Pending(e => e.Credit == account));

    private long Posted(Func<Entry, bool> side) => _entries.Where(e => e.Asked.Kind is TransferKind.Transfer or TransferKind.Post && side(e)).Sum(e => e.Amount);

    private long Pending(Func<Entry, bool> side) => _entries.Where(e => e.Asked.Kind == TransferKind.Pending && Settlement(e.Asked.Id) is null && side(e)).Sum(e => e.Amount);

    private Entry? Settlement(Guid pending) => _entries.Find(e => e.Asked.PendingId == pending);

    private string?[] ApplyChain(List<Transfer> chain, DateTimeOffset now)
    {
        var before = _entries.ToList();
        var firstNew = -1;
        var known = 0;
        for (var i = 0; i < chain.Count; i++)
        {
            var isKnown = _entries.Any(e => e.Asked.Id == chain[i].Id);
            if (One(chain[i], chain[0].Id, now) is { } refusal) return Fail(i, refusal);
            if (isKnown) known++;
            else if (firstNew < 0) firstNew = i;
        }
        return known > 0 && firstNew >= 0 ? Fail(firstNew, "linked-chain-partly-exists") : new string?[chain.Count];

        string?[] Fail(int culprit, string refusal)
        {
            _entries = before;
            return [.. chain.Select((_, i) => i == culprit ? refusal : "linked-transfer-failed")];
        }
    }

    private string? One(Transfer t, Guid head, DateTimeOffset now)
    {
        if (_entries.Find(e => e.Asked.Id == t.Id) is { } same) return Compare(t, head, same);
        Entry entry;
        if (t.TimeOut > 0 && t.Kind != TransferKind.Pending) return "time-out-must-be-zero";
        if (t.Kind is TransferKind.Post or TransferKind.Void or TransferKind.Expire)
        {
            if (_entries.Find(e => e.Asked.Id == t.PendingId) is not { } pending) return "pending-transfer-not-found";
            if (pending.Asked.Kind != TransferKind.Pending) return "pending-transfer-not-pending";
            if (t.Amount <= 0) return "amount-out-of-range";
            if (t.Amount > pending.Amount) return "exceeds-pending-transfer-amount";
            if (t.Kind != TransferKind.Post && t.Amount is { } a && a != pending.Amount) return "pending-transfer-has-different-amount";
            if (Settlement(t.PendingId!.Value) is { } settled) return $"pending-transfer-{settled.Asked.Kind switch { TransferKind.Post => "already-posted", TransferKind.Void => "already-voided", _ => "expired" }}";
            var isOver = pending.Asked.TimeOut > 0 && now >= pending.BookedAt.AddSeconds(pending.Asked.TimeOut);
            if (t.Kind == TransferKind.Expire && !isOver) return "pending-transfer-not-due-to-expire";
            if (t.Kind != TransferKind.Expire && isOver) return "pending-transfer-expired";
            entry = new Entry(t, pending.Debit, pending.Credit, t.Amount ?? pending.Amount, pending.Amount, head, now);
        }
        else
        {
            if (t.DebitAccount == t.CreditAccount) return "accounts-must-be-different";
            if (t.Amount <= 0) return "amount-out-of-range";
            var debit = accounts.SingleOrDefault(a => a.Id == t.DebitAccount);
            var credit = accounts.SingleOrDefault(a => a.Id == t.CreditAccount);
            if (debit is null) return "debit-account-not-found";
            if (credit is null) return "credit-account-not-found";
            if (debit.Currency != credit.Currency) return "accounts-have-different-currencies";
            entry = new Entry(t, debit.Id, credit.Id, t.Amount!.Value, t.Amount.Value, head, now);
        }
        _entries.Add(entry);
        return Broken(entry.Debit, "exceeds-credits") ?? Broken(entry.Credit, "exceeds-debits");
    }

    private string? Broken(Guid account, string refusal)
    {
        var (limit, sum) = (accounts.Single(a => a.Id == account).Limit, BalanceOf(account));
        var over = limit switch
        {
            AccountLimit.DebitsWithinCredits => sum.Debits + sum.PendingDebits - sum.Credits,
            AccountLimit.CreditsWithinDebits => sum.Credits + sum.PendingCredits - sum.Debits,
            _ => 0,
        };
        return over > 0 ? refusal : null;
    }

    private static string? Compare(Transfer t, Guid head, Entry same)
    {
        if (t.Kind != same.Asked.Kind) return "exists-with-different-kind";
        if (t.PendingId != same.Asked.PendingId) return "exists-with-different-pending-id";
        // A settlement that names no account or amount asks for those of the hold, and the whole of it.
        if (t.PendingId is null ? t.DebitAccount != same.Debit : (t.DebitAccount ?? same.Debit) != same.Debit) return "exists-with-different-debit-account";
        if (t.PendingId is null ? t.CreditAccount != same.Credit : (t.CreditAccount ?? same.Credit) != same.Credit) return "exists-with-different-credit-account";
        if ((t.PendingId is null ? t.Amount : t.Amount ?? same.Whole) != same.Amount) return "exists-with-different-amount";
        if (t.TimeOut != same.Asked.TimeOut) return "exists-with-different-time-out";
        if (t.Code != same.Asked.Code) return "exists-with-different-code";
        if (t.Reference != same.Asked.Reference) return "exists-with-different-reference";
        if (t.LinkedToNext != same.Asked.LinkedToNext) return "exists-with-different-link";
        return head != same.Head ? "exists-with-different-chain" : null;
    }
}
