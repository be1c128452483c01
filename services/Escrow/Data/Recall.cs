using System.Collections.Immutable;
using Tendering.Escrow.Domain;

namespace Tendering.Escrow.Data;

/// <summary>
/// What an instance remembers of the books from its own batches: accounts never change, and a running row is as it was while its count of
/// transfers is. Only for batches that can be booked whole; whoever must be refused, or settles a hold, is judged by what is read.
/// </summary>
internal sealed class Recall
{
    /// <summary>Accounts; when there are more all are forgotten.</summary>
    private const int Max = 20_000;

    // Where others book on the same accounts memory is of no use: so many batches are read before it is tried again.
    private const int ReadAfterMiss = 64;

    private readonly Dictionary<Guid, long> _counts = [];
    private LedgerState _state = LedgerState.Empty;
    private int _toRead;

    /// <summary>How many transfers a running account has had, as last seen.</summary>
    public long CountOf(Guid account) => _counts[account];

    /// <summary>What is needed to decide on these, or null where something of it must be read.</summary>
    public LedgerState? For(IEnumerable<Transfer> batch)
    {
        if (_toRead > 0)
        {
            _toRead--;
            return null;
        }
        foreach (var transfer in batch)
            if (transfer.PendingId is not null || !Knows(transfer.DebitAccount) || !Knows(transfer.CreditAccount)) return null;
        return _state;

        bool Knows(Guid? account) => account is { } id && _state.Accounts.TryGetValue(id, out var known) && (known.IsSystem || _counts.ContainsKey(id));
    }

    /// <summary>The state that was read and decided on, and the counts of its running rows after what was booked.</summary>
    public void Keep(LedgerState after, IEnumerable<KeyValuePair<Guid, long>> counts)
    {
        if (_state.Accounts.Count + after.Accounts.Count > Max) Forget();
        _state = _state with { Accounts = _state.Accounts.SetItems(after.Accounts), Balances = _state.Balances.SetItems(after.Balances) };
        foreach (var (account, count) in counts) _counts[account] = count;
    }

    /// <summary>The state after a batch that was decided by memory, with what it added to each running row.</summary>
    public void Advance(LedgerState after, IReadOnlyDictionary<Guid, Addition> moved)
    {
        _state = after with { Transfers = LedgerState.Empty.Transfers, Settled = LedgerState.Empty.Settled };
        foreach (var (account, movement) in moved) _counts[account] += movement.Transfers;
    }

    /// <summary>Another has booked on the same accounts.</summary>
    public void Miss()
    {
        Forget();
        _toRead = ReadAfterMiss;
    }

    /// <summary>Nothing is remembered where it is open what was booked.</summary>
    public void Forget()
    {
        _counts.Clear();
        _state = LedgerState.Empty;
    }
}

/// <summary>What a batch adds to a running row, in fen, and by how many transfers.</summary>
internal readonly record struct Addition(long Transfers, long Debits, long Credits, long PendingDebits, long PendingCredits)
{
    /// <summary>Of all accounts with a running row, in the order of their ids, as locks are taken.</summary>
    public static SortedDictionary<Guid, Addition> Of(IEnumerable<BookedTransfer> booked, ImmutableDictionary<Guid, Balance> running)
    {
        var moved = new SortedDictionary<Guid, Addition>();
        foreach (var transfer in booked)
        {
            if (running.ContainsKey(transfer.DebitAccount)) Add(transfer.DebitAccount, new Addition(1, transfer.Posted, 0, transfer.Held, 0));
            if (running.ContainsKey(transfer.CreditAccount)) Add(transfer.CreditAccount, new Addition(1, 0, transfer.Posted, 0, transfer.Held));
        }
        return moved;

        void Add(Guid account, Addition more)
        {
            var known = moved.GetValueOrDefault(account);
            moved[account] = new Addition(known.Transfers + more.Transfers, known.Debits + more.Debits, known.Credits + more.Credits, known.PendingDebits + more.PendingDebits, known.PendingCredits + more.PendingCredits);
        }
    }
}
