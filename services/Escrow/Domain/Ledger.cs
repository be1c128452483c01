using System.Collections.Immutable;

namespace Tendering.Escrow.Domain;

/// <summary>What the ledger must know to decide: the accounts that a batch touches, their running balances (system accounts have none), and the transfers it names.</summary>
public sealed record LedgerState(
    ImmutableDictionary<Guid, Account> Accounts, ImmutableDictionary<Guid, Balance> Balances, ImmutableDictionary<Guid, BookedTransfer> Transfers,
    ImmutableDictionary<Guid, TransferKind> Settled)
{
    public static LedgerState Empty { get; } = new(
        ImmutableDictionary<Guid, Account>.Empty, ImmutableDictionary<Guid, Balance>.Empty, ImmutableDictionary<Guid, BookedTransfer>.Empty, ImmutableDictionary<Guid, TransferKind>.Empty);
}

/// <summary>A verdict for each transfer of the batch, what is to be written, and the state after it.</summary>
public sealed record Decision(IReadOnlyList<Verdict> Verdicts, IReadOnlyList<BookedTransfer> Booked, LedgerState After);

/// <summary>The rules of the books, after TigerBeetle's: every transfer has two sides, is never changed, and is refused by name or booked whole.</summary>
public static class Ledger
{
    public static Decision Decide(LedgerState state, IReadOnlyList<Transfer> batch, DateTimeOffset now)
    {
        var (verdicts, booked) = (new List<Verdict>(batch.Count), new List<BookedTransfer>(batch.Count));
        for (var first = 0; first < batch.Count;)
        {
            var end = first;
            while (end < batch.Count && batch[end].LinkedToNext) end++;
            var isOpen = end == batch.Count;
            var chain = batch.Skip(first).Take((isOpen ? end : end + 1) - first).ToArray();
            state = isOpen ? Refuse(state, chain, chain.Length - 1, Refusals.LinkedOpen, verdicts) : DecideChain(state, chain, now, verdicts, booked);
            first += chain.Length;
        }
        return new Decision(verdicts, booked, state);
    }

    private static LedgerState DecideChain(LedgerState before, Transfer[] chain, DateTimeOffset now, List<Verdict> verdicts, List<BookedTransfer> booked)
    {
        var (after, fresh, repeats) = (before, new List<BookedTransfer>(chain.Length), 0);
        for (var i = 0; i < chain.Length; i++)
        {
            var head = chain[0].Id;
            if (after.Transfers.TryGetValue(chain[i].Id, out var known))
            {
                if (Difference(chain[i], head, known) is { } difference) return Refuse(before, chain, i, difference, verdicts);
                repeats++;
                continue;
            }
            var (refusal, transfer) = Resolve(after, chain[i], head, now);
            if (refusal is null) (refusal, after) = Book(after, transfer!);
            if (refusal is not null) return Refuse(before, chain, i, refusal, verdicts);
            fresh.Add(transfer!);
        }
        // What was booked together is repeated together: a chain of old and new is another chain.
        if (repeats > 0 && fresh.Count > 0) return Refuse(before, chain, Array.FindIndex(chain, t => t.Id == fresh[0].Id), Refusals.LinkedPartly, verdicts);
        verdicts.AddRange(chain.Select(t => new Verdict(t.Id, null, Repeated: repeats > 0)));
        booked.AddRange(fresh);
        return after;
    }

    private static LedgerState Refuse(LedgerState before, Transfer[] chain, int culprit, string refusal, List<Verdict> verdicts)
    {
        verdicts.AddRange(chain.Select((t, i) => new Verdict(t.Id, i == culprit ? refusal : Refusals.LinkedFailed, Repeated: false)));
        return before;
    }

    // The first field in which a repeat differs from what is booked under its id. A settlement does not contradict what it leaves open.
    private static string? Difference(Transfer asked, Guid head, BookedTransfer known) =>
        asked.Kind != known.Kind ? Refusals.ExistsOtherKind
        : asked.PendingId != known.PendingId ? Refusals.ExistsOtherPending
        : Differs(asked.DebitAccount, known.DebitAccount, known) ? Refusals.ExistsOtherDebit
        : Differs(asked.CreditAccount, known.CreditAccount, known) ? Refusals.ExistsOtherCredit
        : (known.PendingId is null ? asked.Amount : asked.Amount ?? -known.Held) != known.Amount ? Refusals.ExistsOtherAmount
        : asked.TimeOut != known.TimeOut ? Refusals.ExistsOtherTimeOut
        : asked.Code != known.Code ? Refusals.ExistsOtherCode
        : asked.Reference != known.Reference ? Refusals.ExistsOtherReference
        : asked.LinkedToNext != known.Linked ? Refusals.ExistsOtherLink
        : head != known.Chain ? Refusals.ExistsOtherChain
        : null;

    private static bool Differs(Guid? asked, Guid account, BookedTransfer known) => asked is { } given ? given != account : known.PendingId is null;

    private static (string? Refusal, BookedTransfer? Transfer) Resolve(LedgerState state, Transfer asked, Guid head, DateTimeOffset now)
    {
        if (asked.Id == Guid.Empty) return (Refusals.IdEmpty, null);
        if (asked.Code.Length > Transfer.CodeLengthMax || asked.Reference.Length > Transfer.ReferenceLengthMax) return (Refusals.TextTooLong, null);
        if (!IsStorable(asked.Code) || !IsStorable(asked.Reference)) return (Refusals.TextUnstorable, null);
        if (asked.TimeOut is < 0 or > Transfer.TimeOutMax) return (Refusals.TimeOutRange, null);
        if (asked.TimeOut > 0 && asked.Kind != TransferKind.Pending) return (Refusals.TimeOutUnwanted, null);
        return asked.Kind is TransferKind.Transfer or TransferKind.Pending ? ResolveMove(state, asked, head, now) : ResolveSettlement(state, asked, head, now);
    }

    // The database takes neither NUL nor half a surrogate pair: one such text would be the failure of all that is booked with it.
    private static bool IsStorable(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\0') return false;
            if (!char.IsSurrogate(text[i])) continue;
            if (i + 1 == text.Length || !char.IsSurrogatePair(text[i], text[i + 1])) return false;
            i++;
        }
        return true;
    }

    private static (string?, BookedTransfer?) ResolveMove(LedgerState state, Transfer asked, Guid head, DateTimeOffset now)
    {
        if (asked.PendingId is not null) return (Refusals.PendingIdUnwanted, null);
        if (asked.DebitAccount is not { } debit || asked.CreditAccount is not { } credit) return (Refusals.AccountsNeeded, null);
        if (debit == credit) return (Refusals.AccountsEqual, null);
        if (asked.Amount is not (> 0 and <= Transfer.AmountMax)) return (Refusals.AmountRange, null);
        if (!state.Accounts.TryGetValue(debit, out var from)) return (Refusals.DebitAccountNotFound, null);
        if (!state.Accounts.TryGetValue(credit, out var to)) return (Refusals.CreditAccountNotFound, null);
        if (from.Currency != to.Currency) return (Refusals.CurrenciesDiffer, null);
        var (amount, isPending) = (asked.Amount.Value, asked.Kind == TransferKind.Pending);
        return (null, new BookedTransfer(asked.Id, head, asked.Kind, debit, credit, amount, isPending ? 0 : amount, isPending ? amount : 0, from.Currency, null, asked.Code, asked.Reference,
            asked.LinkedToNext, asked.TimeOut, asked.TimeOut == 0 ? null : now.AddSeconds(asked.TimeOut)));
    }

    private static (string?, BookedTransfer?) ResolveSettlement(LedgerState state, Transfer asked, Guid head, DateTimeOffset now)
    {
        if (asked.PendingId is not { } id) return (Refusals.PendingIdNeeded, null);
        if (!state.Transfers.TryGetValue(id, out var pending)) return (Refusals.PendingNotFound, null);
        if (pending.Kind != TransferKind.Pending) return (Refusals.PendingNotPending, null);
        if ((asked.DebitAccount ?? pending.DebitAccount) != pending.DebitAccount) return (Refusals.PendingOtherDebit, null);
        if ((asked.CreditAccount ?? pending.CreditAccount) != pending.CreditAccount) return (Refusals.PendingOtherCredit, null);
        var amount = asked.Amount ?? pending.Amount;
        if (amount <= 0) return (Refusals.AmountRange, null);
        if (amount > pending.Amount) return (Refusals.PendingExceeded, null);
        if (asked.Kind != TransferKind.Post && amount != pending.Amount) return (Refusals.PendingOtherAmount, null);
        if (state.Settled.TryGetValue(id, out var settled))
            return (settled switch { TransferKind.Post => Refusals.PendingPosted, TransferKind.Void => Refusals.PendingVoided, _ => Refusals.PendingExpired }, null);
        // From the second of its time-out on a hold can only expire, also before the books say that it has.
        var isDue = pending.ExpiresAt <= now;
        if (isDue != (asked.Kind == TransferKind.Expire)) return (isDue ? Refusals.PendingExpired : Refusals.PendingNotDue, null);
        return (null, pending with
        {
            Id = asked.Id, Chain = head, Kind = asked.Kind, Amount = amount, Posted = asked.Kind == TransferKind.Post ? amount : 0, Held = -pending.Amount,
            PendingId = id, Code = asked.Code, Reference = asked.Reference, Linked = asked.LinkedToNext, TimeOut = 0, ExpiresAt = null,
        });
    }

    private static (string? Refusal, LedgerState After) Book(LedgerState state, BookedTransfer transfer)
    {
        var balances = state.Balances;
        try
        {
            checked
            {
                if (balances.TryGetValue(transfer.DebitAccount, out var debit))
                {
                    debit = debit with { Debits = debit.Debits + transfer.Posted, PendingDebits = debit.PendingDebits + transfer.Held };
                    if (!debit.Keeps(state.Accounts[transfer.DebitAccount].Limit)) return (Refusals.ExceedsCredits, state);
                    balances = balances.SetItem(transfer.DebitAccount, debit);
                }
                if (balances.TryGetValue(transfer.CreditAccount, out var credit))
                {
                    credit = credit with { Credits = credit.Credits + transfer.Posted, PendingCredits = credit.PendingCredits + transfer.Held };
                    if (!credit.Keeps(state.Accounts[transfer.CreditAccount].Limit)) return (Refusals.ExceedsDebits, state);
                    balances = balances.SetItem(transfer.CreditAccount, credit);
                }
            }
        }
        catch (OverflowException) { return (Refusals.Overflow, state); }
        return (null, state with
        {
            Balances = balances, Transfers = state.Transfers.Add(transfer.Id, transfer),
            Settled = transfer.PendingId is { } pending ? state.Settled.Add(pending, transfer.Kind) : state.Settled,
        });
    }
}
