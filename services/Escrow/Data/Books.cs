using Microsoft.EntityFrameworkCore;
using Npgsql;
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

    /// <summary>For who books several batches in one transaction: locks the rows of all of them in one order, after the days and the cuts, as each batch does with its own.</summary>
    public static async Task LockAsync(EscrowDb db, Guid[] accounts, CancellationToken ct)
    {
        await ExecuteAsync(db, Clerk.LockShared, ct);
        await ExecuteAsync(db, "select 1 from balance where account_id = any (@accounts) order by account_id for update", ct, Array("accounts", accounts));
    }

    /// <summary>Books the batch and answers for each transfer; what is refused changes nothing.</summary>
    public static async Task<IReadOnlyList<Verdict>> BookAsync(EscrowDb db, IReadOnlyList<Transfer> batch, DateTimeOffset now, CancellationToken ct)
    {
        if (db.Database.CurrentTransaction is null) throw new InvalidOperationException("Transfers are booked within a transaction.");
        ArgumentOutOfRangeException.ThrowIfGreaterThan(batch.Count, BatchMax);
        using var clerk = new Clerk((NpgsqlConnection)db.Database.GetDbConnection(), ownsTransaction: false);
        var state = await clerk.ReadAsync(batch, ct);
        var decision = Ledger.Decide(state, batch, now);
        // One id on other accounts at the same moment is all that the locks cannot see: the repeat gets its named refusal.
        if (decision.Booked.Count > 0 && await clerk.WriteAsync(decision.Booked, now, ct) != decision.Booked.Count)
            throw new DbUpdateConcurrencyException("A transfer's id was taken at the same moment.");
        return decision.Verdicts;
    }

    /// <summary>Books transfers that must all be possible by what the caller has checked; a refusal is the answer to the whole request.</summary>
    public static async Task BookAllAsync(EscrowDb db, IReadOnlyList<Transfer> batch, DateTimeOffset now, CancellationToken ct)
    {
        var refused = (await BookAsync(db, batch, now, ct)).FirstOrDefault(v => v.Refusal is not null and not Refusals.LinkedFailed);
        Rule.Require(refused.IsBooked, refused.Refusal ?? "", $"The ledger refused transfer {refused.Id}; nothing was booked.");
    }

    /// <summary>A transfer that is booked, or null.</summary>
    public static async Task<BookedTransfer?> FindAsync(EscrowDb db, Guid id, CancellationToken ct)
    {
        var known = await db.Database.SqlQuery<Row>($"""
            select id as "Id", chain as "Chain", kind as "Kind", debit_account as "Debit", credit_account as "Credit", amount as "Amount", posted as "Posted", held as "Held", currency as "Currency",
              pending_id as "PendingId", code as "Code", reference as "Reference", linked as "Linked", time_out as "TimeOut", expires_at as "ExpiresAt" from transfer where id = {id}
            """).SingleOrDefaultAsync(ct);
        return known is null ? null : new BookedTransfer(known.Id, known.Chain, Enum.Parse<TransferKind>(known.Kind), known.Debit, known.Credit, known.Amount, known.Posted, known.Held, known.Currency,
            known.PendingId, known.Code, known.Reference, known.Linked, known.TimeOut, known.ExpiresAt);
    }

    private sealed record Row(Guid Id, Guid Chain, string Kind, Guid Debit, Guid Credit, long Amount, long Posted, long Held, string Currency, Guid? PendingId, string Code, string Reference, bool Linked, int TimeOut, DateTimeOffset? ExpiresAt);

    private static NpgsqlParameter Array<T>(string name, IEnumerable<T> values) => new(name, values.ToArray());

    private static async Task<int> ExecuteAsync(EscrowDb db, string sql, CancellationToken ct, params NpgsqlParameter[] parameters)
    {
        await using var command = new NpgsqlCommand(sql, (NpgsqlConnection)db.Database.GetDbConnection());
        command.Parameters.AddRange(parameters);
        return await command.ExecuteNonQueryAsync(ct);
    }
}
