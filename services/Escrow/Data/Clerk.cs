using System.Collections.Immutable;
using Npgsql;
using NpgsqlTypes;
using Tendering.Escrow.Domain;

namespace Tendering.Escrow.Data;

/// <summary>
/// Reads and writes the books over one connection, in a transaction: all that a batch needs in one exchange with the database, and all
/// that follows from it in another, whatever the size of the batch.
/// </summary>
internal sealed partial class Clerk : IDisposable
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
        Add(_read, Sql.LockRows, New(_accounts, NpgsqlDbType.Uuid), New(_pendings, NpgsqlDbType.Uuid));
        // A clerk with its own transaction reads again when another was faster; others wait here for each other.
        if (!ownsTransaction) Add(_read, Sql.LockRowless, [.. Enumerable.Range(0, 4).Select(_ => New(_asked, NpgsqlDbType.Uuid))]);
        Add(_read, Sql.ReadAccounts, New(_accounts, NpgsqlDbType.Uuid), New(_pendings, NpgsqlDbType.Uuid));
        Add(_read, Sql.ReadTransfers, New(_ids, NpgsqlDbType.Uuid), New(_pendings, NpgsqlDbType.Uuid));
        Add(_write, ownsTransaction ? Sql.Write : Sql.WriteWhatIsNew,
            [.. ColumnTypes.Select(type => New(_columns, type)), _now]);
        if (!ownsTransaction) return;
        Add(_write, "commit");
        Add(_writeRecalled, "begin");
        Add(_writeRecalled, LockShared);
        Add(_writeRecalled, Sql.WriteRecalled,
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
}
