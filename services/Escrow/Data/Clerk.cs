using System.Collections.Immutable;
using Npgsql;
using NpgsqlTypes;
using Tendering.Escrow.Domain;

namespace Tendering.Escrow.Data;

/// <summary>
/// Reads and writes the books over one connection, in a transaction: all that a batch needs in one exchange with the database, and all
/// that follows from it in another, whatever the size of the batch.
/// </summary>
internal sealed class Clerk : IDisposable
{
    /// <summary>A running account keeps a snapshot each time it has had so many transfers; system accounts at each cut.</summary>
    public const int SnapshotEvery = 2_048;

    /// <summary>Who books shares this advisory lock until the transaction ends; who makes a cut has it alone.</summary>
    public const string CutLock = "727002, 1";

    /// <summary>
    /// The advisory lock that who books shares, and who closes a day has alone; the triggers take it too. It comes after the locks on what is booked for (lots, letters, orders…) and before the books' own, the same
    /// wherever transfers are booked: nobody waits for it with a row of the books that another needs who has it.
    /// </summary>
    public const long DayLock = 727004;

    /// <summary>Whoever books begins with both.</summary>
    public static readonly string LockShared = $"select pg_advisory_xact_lock_shared({DayLock}), pg_advisory_xact_lock_shared({CutLock})";

    private readonly bool _ownsTransaction;
    private readonly NpgsqlConnection _connection;
    private readonly NpgsqlBatch _read, _write, _writeRecalled;
    private readonly List<NpgsqlParameter> _accounts = [], _pendings = [], _ids = [], _asked = [], _columns = [], _recalled = [], _moved = [];
    private readonly Dictionary<Guid, long> _counts = [];
    private readonly NpgsqlParameter _now = new() { NpgsqlDbType = NpgsqlDbType.TimestampTz }, _nowRecalled = new() { NpgsqlDbType = NpgsqlDbType.TimestampTz };

    /// <param name="connection">Open, with a transaction unless the clerk has its own.</param>
    /// <param name="ownsTransaction">True: begins with the reading and commits with the writing, in the same exchanges; an id that was taken at the same moment is then an error.</param>
    public Clerk(NpgsqlConnection connection, bool ownsTransaction)
    {
        (_connection, _ownsTransaction, _read, _write) = (connection, ownsTransaction, new NpgsqlBatch(connection), new NpgsqlBatch(connection));
        _writeRecalled = new NpgsqlBatch(connection);
        if (ownsTransaction) Add(_read, "begin");
        Add(_read, LockShared);
        Add(_read, Statements.LockRows, New(_accounts, NpgsqlDbType.Uuid), New(_pendings, NpgsqlDbType.Uuid));
        // A clerk with its own transaction reads again when another was faster; others wait here for each other.
        if (!ownsTransaction) Add(_read, Statements.LockRowless, [.. Enumerable.Range(0, 4).Select(_ => New(_asked, NpgsqlDbType.Uuid))]);
        Add(_read, Statements.ReadAccounts, New(_accounts, NpgsqlDbType.Uuid), New(_pendings, NpgsqlDbType.Uuid));
        Add(_read, Statements.ReadTransfers, New(_ids, NpgsqlDbType.Uuid), New(_pendings, NpgsqlDbType.Uuid));
        Add(_write, ownsTransaction ? Statements.Write : Statements.WriteWhatIsNew,
            [.. ColumnTypes.Select(type => New(_columns, type)), _now]);
        if (!ownsTransaction) return;
        Add(_write, "commit");
        Add(_writeRecalled, "begin");
        Add(_writeRecalled, LockShared);
        Add(_writeRecalled, Statements.WriteRecalled,
            [.. ColumnTypes.Select(type => New(_recalled, type)), _nowRecalled, New(_moved, NpgsqlDbType.Uuid), .. Enumerable.Range(0, 6).Select(_ => New(_moved, NpgsqlDbType.Bigint))]);
        Add(_writeRecalled, "commit");
    }

    private static NpgsqlDbType[] ColumnTypes =>
    [
        NpgsqlDbType.Uuid, NpgsqlDbType.Uuid, NpgsqlDbType.Text, NpgsqlDbType.Uuid, NpgsqlDbType.Uuid, NpgsqlDbType.Bigint, NpgsqlDbType.Bigint, NpgsqlDbType.Bigint, NpgsqlDbType.Text, NpgsqlDbType.Uuid,
        NpgsqlDbType.Text, NpgsqlDbType.Text, NpgsqlDbType.Boolean, NpgsqlDbType.Integer, NpgsqlDbType.TimestampTz,
    ];

    /// <summary>How many transfers each running account had had when it was last read.</summary>
    public IReadOnlyDictionary<Guid, long> Counts => _counts;

    public async Task PrepareAsync(CancellationToken ct)
    {
        await _read.PrepareAsync(ct);
        await _write.PrepareAsync(ct);
        if (_ownsTransaction) await _writeRecalled.PrepareAsync(ct);
    }

    public async Task<LedgerState> ReadAsync(IReadOnlyList<Transfer> batch, CancellationToken ct)
    {
        Fill(batch);
        await using var reader = await _read.ExecuteReaderAsync(ct);
        await reader.NextResultAsync(ct);                // the shared locks' own row was the first
        var balances = ImmutableDictionary.CreateBuilder<Guid, Balance>();
        _counts.Clear();
        while (await reader.ReadAsync(ct))
        {
            balances[reader.GetGuid(0)] = new Balance(reader.GetInt64(1), reader.GetInt64(2), reader.GetInt64(3), reader.GetInt64(4));
            _counts[reader.GetGuid(0)] = reader.GetInt64(5);
        }
        if (!_ownsTransaction) await reader.NextResultAsync(ct);
        await reader.NextResultAsync(ct);
        var accounts = ImmutableDictionary.CreateBuilder<Guid, Account>();
        while (await reader.ReadAsync(ct))
            accounts[reader.GetGuid(0)] = new Account(reader.GetGuid(0), reader.GetString(1), reader.GetString(2), Enum.Parse<AccountKind>(reader.GetString(3)), reader.GetString(4),
                Enum.Parse<AccountLimit>(reader.GetString(5)), reader.GetBoolean(6));
        await reader.NextResultAsync(ct);
        var transfers = ImmutableDictionary.CreateBuilder<Guid, BookedTransfer>();
        while (await reader.ReadAsync(ct)) if (TransferIn(reader) is { } known) transfers[known.Id] = known;
        var settled = transfers.Values.Where(t => t.PendingId is not null).ToImmutableDictionary(t => t.PendingId!.Value, t => t.Kind);
        // A hold that was committed while this waited for its locks has accounts that are not locked: it came after.
        transfers.RemoveRange(transfers.Values.Where(t => t.Kind == TransferKind.Pending && !(IsReady(t.DebitAccount) && IsReady(t.CreditAccount))).Select(t => t.Id).Except(batch.Select(t => t.Id)).ToList());
        return new LedgerState(accounts.ToImmutable(), balances.ToImmutable(), transfers.ToImmutable(), settled);

        bool IsReady(Guid account) => accounts.TryGetValue(account, out var known) && (known.IsSystem || balances.ContainsKey(account));
    }

    /// <summary>How many were written: fewer than given where an id was taken at the same moment and the transaction is the caller's.</summary>
    public async Task<long> WriteAsync(IReadOnlyList<BookedTransfer> booked, DateTimeOffset now, CancellationToken ct)
    {
        Set(_columns, _now, booked, now);
        await using var reader = await _write.ExecuteReaderAsync(ct);
        await reader.ReadAsync(ct);
        var written = reader.GetInt64(0);
        while (await reader.NextResultAsync(ct)) { }     // as far as the commit, which may fail too
        return written;
    }

    /// <summary>
    /// Books in one exchange what was decided by memory, in a transaction of its own. Throws the database's serialization failure, and books
    /// nothing, where a running row is not as it was remembered; its unique violation where an id is known.
    /// </summary>
    public async Task WriteRecalledAsync(IReadOnlyList<BookedTransfer> booked, IReadOnlyDictionary<Guid, Addition> moved, Recall recall, DateTimeOffset now, CancellationToken ct)
    {
        Set(_recalled, _nowRecalled, booked, now);
        _moved[0].Value = moved.Keys.ToArray();
        _moved[1].Value = moved.Keys.Select(recall.CountOf).ToArray();
        _moved[2].Value = moved.Values.Select(m => m.Transfers).ToArray();
        _moved[3].Value = moved.Values.Select(m => m.Debits).ToArray();
        _moved[4].Value = moved.Values.Select(m => m.Credits).ToArray();
        _moved[5].Value = moved.Values.Select(m => m.PendingDebits).ToArray();
        _moved[6].Value = moved.Values.Select(m => m.PendingCredits).ToArray();
        await using var reader = await _writeRecalled.ExecuteReaderAsync(ct);
        while (await reader.NextResultAsync(ct)) { }
    }

    private static void Set(List<NpgsqlParameter> columns, NpgsqlParameter moment, IReadOnlyList<BookedTransfer> booked, DateTimeOffset now)
    {
        object[] values =
        [
            All(t => t.Id), All(t => t.Chain), All(t => t.Kind.ToString()), All(t => t.DebitAccount), All(t => t.CreditAccount), All(t => t.Amount), All(t => t.Posted), All(t => t.Held),
            All(t => t.Currency), All(t => t.PendingId), All(t => t.Code), All(t => t.Reference), All(t => t.Linked), All(t => t.TimeOut), All(t => t.ExpiresAt?.ToUniversalTime()),
        ];
        for (var i = 0; i < values.Length; i++) columns[i].Value = values[i];
        moment.Value = now.ToUniversalTime();

        T[] All<T>(Func<BookedTransfer, T> field)
        {
            var all = new T[booked.Count];
            for (var i = 0; i < all.Length; i++) all[i] = field(booked[i]);
            return all;
        }
    }

    /// <summary>Ends the clerk's own transaction without a change.</summary>
    public async Task RollBackAsync(CancellationToken ct)
    {
        if (!_ownsTransaction) throw new InvalidOperationException("The transaction is the caller's.");
        await using var end = new NpgsqlCommand("rollback", _connection);
        await end.ExecuteNonQueryAsync(ct);
    }

    public void Dispose()
    {
        _read.Dispose();
        _write.Dispose();
        _writeRecalled.Dispose();
    }

    private static BookedTransfer TransferIn(NpgsqlDataReader r) => new(
        r.GetGuid(0), r.GetGuid(1), Enum.Parse<TransferKind>(r.GetString(2)), r.GetGuid(3), r.GetGuid(4), r.GetInt64(5), r.GetInt64(6), r.GetInt64(7), r.GetString(8), r.IsDBNull(9) ? null : r.GetGuid(9),
        r.GetString(10), r.GetString(11), r.GetBoolean(12), r.GetInt32(13), r.IsDBNull(14) ? null : r.GetFieldValue<DateTimeOffset>(14));

    private void Fill(IReadOnlyList<Transfer> batch)
    {
        var (accounts, pendings, ids) = (new HashSet<Guid>(), new HashSet<Guid>(), new HashSet<Guid>());
        foreach (var transfer in batch)
        {
            ids.Add(transfer.Id);
            if (transfer.DebitAccount is { } debit) accounts.Add(debit);
            if (transfer.CreditAccount is { } credit) accounts.Add(credit);
            if (transfer.PendingId is { } pending) pendings.Add(pending);
        }
        ids.UnionWith(pendings);
        foreach (var (parameters, set) in new[] { (_accounts, accounts), (_pendings, pendings), (_ids, ids) })
        {
            var value = set.ToArray();
            foreach (var parameter in parameters) parameter.Value = value;
        }
        if (_ownsTransaction) return;
        _asked[0].Value = batch.Select(t => (Guid?)t.Id).ToArray();
        _asked[1].Value = batch.Select(t => t.PendingId).ToArray();
        _asked[2].Value = batch.Select(t => t.DebitAccount).ToArray();
        _asked[3].Value = batch.Select(t => t.CreditAccount).ToArray();
    }

    private static void Add(NpgsqlBatch batch, string sql, params NpgsqlParameter[] parameters)
    {
        var command = new NpgsqlBatchCommand(sql);
        command.Parameters.AddRange(parameters);
        batch.BatchCommands.Add(command);
    }

    private static NpgsqlParameter New(List<NpgsqlParameter> group, NpgsqlDbType type)
    {
        var parameter = new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Array | type };
        group.Add(parameter);
        return parameter;
    }

    private static class Statements
    {
        // The accounts that are named, and those of the holds that are named.
        private const string Touched = """
            array(select unnest($1) union select unnest(array[debit_account, credit_account]) from transfer where id = any ($2))
            """;

        // Locks first, in the order of the ids over the whole batch; whoever waits here then reads what the other has committed.
        public const string LockRows = $"""
            select account_id, debits, credits, pending_debits, pending_credits, transfers from balance where account_id = any ({Touched}) order by account_id for update
            """;

        // Where both sides are the system's there is no row to lock: such a transfer locks what it settles, or else itself.
        public const string LockRowless = """
            select pg_advisory_xact_lock(key) from (
              select distinct hashtextextended(locked.id::text, 727002) as key
              from unnest($1, $2, $3, $4) as asked (id, pending, debit, credit) left join transfer p on p.id = asked.pending
              cross join lateral (values (asked.id), (coalesce(asked.pending, asked.id))) as locked (id)
              where not exists (select 1 from balance b where b.account_id in (coalesce(p.debit_account, asked.debit), coalesce(p.credit_account, asked.credit)))
              order by key) keys
            """;

        public const string ReadAccounts = $"select id, code, name, kind, currency, limited, is_system from account where id = any ({Touched})";

        private const string Columns = "id, chain, kind, debit_account, credit_account, amount, posted, held, currency, pending_id, code, reference, linked, time_out, expires_at";

        public const string ReadTransfers = $"select {Columns} from transfer where id = any ($1) union all select {Columns} from transfer where pending_id = any ($2)";

        public static readonly string Write = WriteWith("");
        public static readonly string WriteWhatIsNew = WriteWith("on conflict do nothing");

        // All effects of a batch. Nothing is ever booked before the last cut: what a snapshot covers can gain no more.
        private static string WriteWith(string conflict) => $"""
            with booked as (
              insert into transfer ({Columns}, booked_at)
              select t.*, greatest($16, (select moment from ledger_cut order by position desc limit 1))
              from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) as t
              {conflict}
              returning id, position, debit_account, credit_account, posted, held, expires_at),
            side as (
              select debit_account as account, position, posted as debit, 0::bigint as credit, held as pending_debit, 0::bigint as pending_credit from booked
              union all select credit_account, position, 0, posted, 0, held from booked),
            moved as (
              update balance b set debits = b.debits + d.debit, credits = b.credits + d.credit, pending_debits = b.pending_debits + d.pending_debit,
                pending_credits = b.pending_credits + d.pending_credit, transfers = b.transfers + d.n
              from (select account, max(position) as position, count(*) as n, sum(debit)::bigint as debit, sum(credit)::bigint as credit, sum(pending_debit)::bigint as pending_debit,
                      sum(pending_credit)::bigint as pending_credit from side group by account) d
              where b.account_id = d.account
              returning b.*, d.position, d.n),
            kept as (
              insert into balance_snapshot (account_id, position, debits, credits, pending_debits, pending_credits)
              select account_id, position, debits, credits, pending_debits, pending_credits from moved where transfers / {SnapshotEvery} > (transfers - n) / {SnapshotEvery}),
            due as (insert into hold_due (id, next_due_at) select id, expires_at from booked where expires_at is not null)
            select count(*) from booked
            """;

        // The same where the running rows are known: what is added to each is given, with the count that it must still have. Numbers are drawn
        // before the rows are locked; but whoever came between has changed the count.
        public static readonly string WriteRecalled = $"""
            with booked as (
              insert into transfer ({Columns}, booked_at)
              select t.*, greatest($16, (select moment from ledger_cut order by position desc limit 1))
              from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) as t
              returning id, position, debit_account, credit_account, expires_at),
            moved as (
              update balance b set debits = b.debits + k.debits, credits = b.credits + k.credits, pending_debits = b.pending_debits + k.pending_debits,
                pending_credits = b.pending_credits + k.pending_credits, transfers = b.transfers + k.n
              from unnest($17, $18, $19, $20, $21, $22, $23) as k (account, before, n, debits, credits, pending_debits, pending_credits)
              where b.account_id = k.account and b.transfers = k.before
              returning b.*, k.n),
            kept as (
              insert into balance_snapshot (account_id, position, debits, credits, pending_debits, pending_credits)
              select account_id, (select max(position) from booked where m.account_id in (debit_account, credit_account)), debits, credits, pending_debits, pending_credits
              from moved m where transfers / {SnapshotEvery} > (transfers - n) / {SnapshotEvery}),
            due as (insert into hold_due (id, next_due_at) select id, expires_at from booked where expires_at is not null)
            select case when (select count(*) from moved) = cardinality($17) then count(*) else running_rows_moved_on() end from booked
            """;
    }
}
