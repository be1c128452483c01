using System.Collections.Immutable;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using NpgsqlTypes;
using Tendering.Escrow.Domain;
using Tendering.ServiceDefaults;

namespace Tendering.Escrow.Data;

/// <summary>
/// The one path by which transfers enter the books, within the caller's transaction: lock what the batch touches, read, let the ledger
/// decide, write. Each step is one statement whatever the size of the batch.
/// </summary>
public static class Books
{
    public const int BatchMax = 10_000;
    private const long LockSeed = 727002;

    /// <summary>Opens accounts; one that is open already stays as it is.</summary>
    public static async Task OpenAsync(EscrowDb db, IReadOnlyCollection<Account> accounts, DateTimeOffset now, CancellationToken ct)
    {
        await ExecuteAsync(db, """
            with opened as (
              insert into account (id, code, name, kind, currency, limited, is_system, opened_at)
              select a.*, @now from unnest(@ids, @codes, @names, @kinds, @currencies, @limits, @systems) as a
              on conflict (id) do nothing
              returning id, limited, is_system)
            insert into balance (account_id, limited) select id, limited from opened where not is_system
            """, ct,
            Array("ids", accounts.Select(a => a.Id)), Array("codes", accounts.Select(a => a.Code)), Array("names", accounts.Select(a => a.Name)),
            Array("kinds", accounts.Select(a => a.Kind.ToString())), Array("currencies", accounts.Select(a => a.Currency)),
            Array("limits", accounts.Select(a => a.Limit.ToString())), Array("systems", accounts.Select(a => a.IsSystem)), new("now", now.ToUniversalTime()));
    }

    /// <summary>Books the batch and answers for each transfer; what is refused changes nothing.</summary>
    public static async Task<IReadOnlyList<Verdict>> BookAsync(EscrowDb db, IReadOnlyList<Transfer> batch, DateTimeOffset now, CancellationToken ct)
    {
        if (db.Database.CurrentTransaction is null) throw new InvalidOperationException("Transfers are booked within a transaction.");
        ArgumentOutOfRangeException.ThrowIfGreaterThan(batch.Count, BatchMax);
        var state = await LockAndReadAsync(db, batch, ct);
        var decision = Ledger.Decide(state, batch);
        if (decision.Booked.Count > 0) await WriteAsync(db, decision.Booked, now, ct);
        return decision.Verdicts;
    }

    /// <summary>Books transfers that must all be possible by what the caller has checked; a refusal is the answer to the whole request.</summary>
    public static async Task BookAllAsync(EscrowDb db, IReadOnlyList<Transfer> batch, DateTimeOffset now, CancellationToken ct)
    {
        var refused = (await BookAsync(db, batch, now, ct)).FirstOrDefault(v => v.Refusal is not null and not Refusals.LinkedFailed);
        Rule.Require(refused.IsBooked, refused.Refusal ?? "", $"The ledger refused transfer {refused.Id}; nothing was booked.");
    }

    private static async Task<LedgerState> LockAndReadAsync(EscrowDb db, IReadOnlyList<Transfer> batch, CancellationToken ct)
    {
        var pendingIds = batch.Select(t => t.PendingId).OfType<Guid>().Distinct().ToArray();
        var pendings = pendingIds.Length == 0 ? [] : await ReadTransfersAsync(db, "id = any (@ids)", pendingIds, ct);
        var touched = batch.SelectMany(t => new[] { t.DebitAccount, t.CreditAccount }).OfType<Guid>()
            .Concat(pendings.SelectMany(p => new[] { p.DebitAccount, p.CreditAccount })).Distinct().ToArray();

        // Locks first, in the order of the ids over the whole batch; whoever waits here then reads what the other has committed.
        var balances = await ReadAsync(db, """
            select account_id, debits, credits, pending_debits, pending_credits from balance where account_id = any (@ids) order by account_id for update
            """, r => (r.GetGuid(0), new Balance(r.GetInt64(1), r.GetInt64(2), r.GetInt64(3), r.GetInt64(4))), ct, Array("ids", touched));
        var running = balances.ToImmutableDictionary(b => b.Item1, b => b.Item2);
        await LockWithoutRowAsync(db, batch, pendings, running, ct);

        var accounts = await ReadAsync(db, "select id, code, name, kind, currency, limited, is_system from account where id = any (@ids)", r => new Account(
            r.GetGuid(0), r.GetString(1), r.GetString(2), Enum.Parse<AccountKind>(r.GetString(3)), r.GetString(4), Enum.Parse<AccountLimit>(r.GetString(5)), r.GetBoolean(6)), ct, Array("ids", touched));
        var ids = batch.Select(t => t.Id).Concat(pendingIds).Distinct().ToArray();
        var known = await ReadTransfersAsync(db, "id = any (@ids) or pending_id = any (@ids)", ids, ct);
        return new LedgerState(accounts.ToImmutableDictionary(a => a.Id), running, known.ToImmutableDictionary(t => t.Id),
            known.Where(t => t.PendingId is not null).ToImmutableDictionary(t => t.PendingId!.Value, t => t.Kind));
    }

    // Where both sides are the system's there is no row to lock: such a transfer locks what it settles, or else itself.
    private static async Task LockWithoutRowAsync(
        EscrowDb db, IReadOnlyList<Transfer> batch, IReadOnlyList<BookedTransfer> pendings, ImmutableDictionary<Guid, Balance> running, CancellationToken ct)
    {
        var rowless = pendings.Where(p => !running.ContainsKey(p.DebitAccount) && !running.ContainsKey(p.CreditAccount)).Select(p => p.Id).ToHashSet();
        var keys = batch.Where(t => t.PendingId is { } p ? rowless.Contains(p) : !IsRunning(t.DebitAccount) && !IsRunning(t.CreditAccount)).SelectMany(t => new[] { t.Id, t.PendingId ?? t.Id }).Distinct().ToArray();
        if (keys.Length == 0) return;
        await ExecuteAsync(db, $"""
            select pg_advisory_xact_lock(key) from (select distinct hashtextextended(id::text, {LockSeed}) as key from unnest(@ids) as id order by key) keys
            """, ct, Array("ids", keys));

        bool IsRunning(Guid? account) => account is { } id && running.ContainsKey(id);
    }

    private static async Task WriteAsync(EscrowDb db, IReadOnlyList<BookedTransfer> booked, DateTimeOffset now, CancellationToken ct)
    {
        var written = await ExecuteAsync(db, """
            insert into transfer (id, chain, kind, debit_account, credit_account, amount, posted, held, currency, pending_id, code, reference, booked_at)
            select t.*, @now from unnest(@ids, @chains, @kinds, @debits, @credits, @amounts, @posted, @held, @currencies, @pendings, @codes, @references) as t
            on conflict do nothing
            """, ct,
            Array("ids", booked.Select(t => t.Id)), Array("chains", booked.Select(t => t.Chain)), Array("kinds", booked.Select(t => t.Kind.ToString())),
            Array("debits", booked.Select(t => t.DebitAccount)), Array("credits", booked.Select(t => t.CreditAccount)),
            Array("amounts", booked.Select(t => t.Amount)), Array("posted", booked.Select(t => t.Posted)), Array("held", booked.Select(t => t.Held)),
            Array("currencies", booked.Select(t => t.Currency)), new("pendings", NpgsqlDbType.Array | NpgsqlDbType.Uuid) { Value = booked.Select(t => t.PendingId).ToArray() },
            Array("codes", booked.Select(t => t.Code)), Array("references", booked.Select(t => t.Reference)), new("now", now.ToUniversalTime()));
        // One id on other accounts at the same moment is all that the locks cannot see: the repeat gets its named refusal.
        if (written != booked.Count) throw new DbUpdateConcurrencyException("A transfer's id was taken at the same moment.");

        await ExecuteAsync(db, """
            update balance b set debits = b.debits + d.debit, credits = b.credits + d.credit, pending_debits = b.pending_debits + d.pending_debit, pending_credits = b.pending_credits + d.pending_credit
            from (
              select account, sum(debit)::bigint as debit, sum(credit)::bigint as credit, sum(pending_debit)::bigint as pending_debit, sum(pending_credit)::bigint as pending_credit
              from (
                select account, posted as debit, 0 as credit, held as pending_debit, 0 as pending_credit from unnest(@debits, @posted, @held) as s (account, posted, held)
                union all
                select account, 0, posted, 0, held from unnest(@credits, @posted, @held) as s (account, posted, held)
              ) side group by account
            ) d where b.account_id = d.account
            """, ct,
            Array("debits", booked.Select(t => t.DebitAccount)), Array("credits", booked.Select(t => t.CreditAccount)),
            Array("posted", booked.Select(t => t.Posted)), Array("held", booked.Select(t => t.Held)));
    }

    private static Task<List<BookedTransfer>> ReadTransfersAsync(EscrowDb db, string where, Guid[] ids, CancellationToken ct) => ReadAsync(db,
        $"select id, chain, kind, debit_account, credit_account, amount, posted, held, currency, pending_id, code, reference from transfer where {where}",
        r => new BookedTransfer(r.GetGuid(0), r.GetGuid(1), Enum.Parse<TransferKind>(r.GetString(2)), r.GetGuid(3), r.GetGuid(4), r.GetInt64(5), r.GetInt64(6), r.GetInt64(7),
            r.GetString(8), r.IsDBNull(9) ? null : r.GetGuid(9), r.GetString(10), r.GetString(11)), ct, Array("ids", ids));

    private static NpgsqlParameter Array<T>(string name, IEnumerable<T> values) => new(name, values.ToArray());

    private static async Task<int> ExecuteAsync(EscrowDb db, string sql, CancellationToken ct, params NpgsqlParameter[] parameters)
    {
        await using var command = new NpgsqlCommand(sql, (NpgsqlConnection)db.Database.GetDbConnection());
        command.Parameters.AddRange(parameters);
        return await command.ExecuteNonQueryAsync(ct);
    }

    private static async Task<List<T>> ReadAsync<T>(EscrowDb db, string sql, Func<NpgsqlDataReader, T> read, CancellationToken ct, params NpgsqlParameter[] parameters)
    {
        await using var command = new NpgsqlCommand(sql, (NpgsqlConnection)db.Database.GetDbConnection());
        command.Parameters.AddRange(parameters);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var rows = new List<T>();
        while (await reader.ReadAsync(ct)) rows.Add(read(reader));
        return rows;
    }
}
