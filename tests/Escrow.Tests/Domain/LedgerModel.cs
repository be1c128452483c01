using Tendering.Escrow.Domain;

namespace Tendering.Escrow.Tests.Domain;

/// <summary>
/// The books as simply as they can be said: a list of what was booked, and every sum counted anew from it. Slow, without cleverness, and
/// written without a look at the ledger, so that the two can be compared.
/// </summary>
public sealed class LedgerModel(IReadOnlyList<Account> accounts)
{
    /// <summary>Whole: the amount that a post or void could have taken.</summary>
    private sealed record Entry(Transfer Asked, Guid Debit, Guid Credit, long Amount, long Whole, Guid Head);

    private List<Entry> _entries = [];

    public IEnumerable<Account> Accounts => accounts;

    public string?[] Apply(IReadOnlyList<Transfer> batch)
    {
        var answers = new List<string?>();
        var chain = new List<Transfer>();
        foreach (var transfer in batch)
        {
            chain.Add(transfer);
            if (transfer.LinkedToNext) continue;
            answers.AddRange(ApplyChain(chain));
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

    private string?[] ApplyChain(List<Transfer> chain)
    {
        var before = _entries.ToList();
        var firstNew = -1;
        var known = 0;
        for (var i = 0; i < chain.Count; i++)
        {
            var isKnown = _entries.Any(e => e.Asked.Id == chain[i].Id);
            if (One(chain[i], chain[0].Id) is { } refusal) return Fail(i, refusal);
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

    private string? One(Transfer t, Guid head)
    {
        if (_entries.Find(e => e.Asked.Id == t.Id) is { } same) return Compare(t, head, same);
        Entry entry;
        if (t.Kind is TransferKind.Post or TransferKind.Void)
        {
            if (_entries.Find(e => e.Asked.Id == t.PendingId) is not { } pending) return "pending-transfer-not-found";
            if (pending.Asked.Kind != TransferKind.Pending) return "pending-transfer-not-pending";
            if (t.Amount <= 0) return "amount-out-of-range";
            if (t.Amount > pending.Amount) return "exceeds-pending-transfer-amount";
            if (t.Kind == TransferKind.Void && t.Amount is { } a && a != pending.Amount) return "pending-transfer-has-different-amount";
            if (Settlement(t.PendingId!.Value) is { } settled) return settled.Asked.Kind == TransferKind.Post ? "pending-transfer-already-posted" : "pending-transfer-already-voided";
            entry = new Entry(t, pending.Debit, pending.Credit, t.Amount ?? pending.Amount, pending.Amount, head);
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
            entry = new Entry(t, debit.Id, credit.Id, t.Amount!.Value, t.Amount.Value, head);
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
        if (t.DebitAccount is { } d && d != same.Debit) return "exists-with-different-debit-account";
        if (t.CreditAccount is { } c && c != same.Credit) return "exists-with-different-credit-account";
        // Who names no amount asks for the whole.
        if ((t.Amount ?? same.Whole) != same.Amount) return "exists-with-different-amount";
        if (t.Code != same.Asked.Code) return "exists-with-different-code";
        if (t.Reference != same.Asked.Reference) return "exists-with-different-reference";
        return head != same.Head ? "exists-with-different-chain" : null;
    }
}
