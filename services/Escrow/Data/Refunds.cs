using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
using Microsoft.EntityFrameworkCore;
using Tendering.Escrow.Domain;
using Tendering.ServiceDefaults;

namespace Tendering.Escrow.Data;

/// <summary>A deposit that is released, the order that pays it back and the event that tells of it.</summary>
public sealed record Refund(Deposit Deposit, PaymentOrder Order, OutboxEvent Told);

/// <summary>Writes released deposits, their orders and their events: a statement each, whatever their number. The deposits are locked by the caller and not tracked.</summary>
public static class Refunds
{
    public static async Task WriteAsync(EscrowDb db, IReadOnlyList<Refund> refunds, CancellationToken ct)
    {
        if (db.Database.CurrentTransaction is null) throw new InvalidOperationException("Refunds are ordered within a transaction.");
        var (deposits, orders, events) = (refunds.Select(r => r.Deposit).ToArray(), refunds.Select(r => r.Order).ToArray(), refunds.Select(r => r.Told).ToArray());
        await ExecuteAsync(db, deposits.Length, """
            update deposit d set stage = 'Released', released_at = r.at, release_reason = r.reason, refund_due_by = r.due, next_due_at = r.next, interest = r.interest, interest_terms = r.terms::jsonb
            from unnest(@ids, @ats, @reasons, @dues, @nexts, @interests, @terms) as r (id, at, reason, due, next, interest, terms) where d.id = r.id and d.stage = 'Secured'
            """, ct,
            Array("ids", deposits.Select(d => d.Id)), Array("ats", deposits.Select(d => d.ReleasedAt!.Value.ToUniversalTime())), Array("reasons", deposits.Select(d => d.ReleaseReason!)),
            Array("dues", deposits.Select(d => d.RefundDueBy!.Value.ToUniversalTime())), Array("nexts", deposits.Select(d => d.NextDueAt!.Value.ToUniversalTime())),
            Array("interests", deposits.Select(d => d.Interest)),
            Nullable("terms", NpgsqlDbType.Text, deposits.Select(d => d.InterestTerms is null ? null : JsonSerializer.Serialize(d.InterestTerms, Outbox.Json))));
        await ExecuteAsync(db, orders.Length, """
            insert into payment_order (id, subject, reason, deposit_id, to_account, to_name, amount, currency, interest, purpose, stage, ordered_at, next_due_at)
            select o.id, o.subject, o.reason, o.deposit, o.account, o.name, o.amount, o.currency, o.interest, o.purpose, 'Ordered', o.at, o.at
            from unnest(@ids, @subjects, @reasons, @deposits, @accounts, @names, @amounts, @currencies, @interests, @purposes, @ats)
              as o (id, subject, reason, deposit, account, name, amount, currency, interest, purpose, at)
            """, ct,
            Array("ids", orders.Select(o => o.Id)), Array("subjects", orders.Select(o => o.Subject)), Array("reasons", orders.Select(o => o.Reason)), Array("deposits", orders.Select(o => o.DepositId!.Value)),
            Array("accounts", orders.Select(o => o.ToAccount)), Array("names", orders.Select(o => o.ToName)), Array("amounts", orders.Select(o => o.Amount)), Array("currencies", orders.Select(o => o.Currency)),
            Array("interests", orders.Select(o => o.Interest)), Array("purposes", orders.Select(o => o.Purpose)), Array("ats", orders.Select(o => o.OrderedAt.ToUniversalTime())));
        Require(await Told.WriteAsync((NpgsqlConnection)db.Database.GetDbConnection(), events, ct), events.Length);
    }

    private static NpgsqlParameter Array<T>(string name, IEnumerable<T> values) where T : notnull => new(name, values.ToArray());

    private static NpgsqlParameter Nullable<T>(string name, NpgsqlDbType type, IEnumerable<T> values) => new(name, NpgsqlDbType.Array | type) { Value = values.ToArray() };

    private static async Task ExecuteAsync(EscrowDb db, int rows, string sql, CancellationToken ct, params NpgsqlParameter[] parameters)
    {
        await using var command = new NpgsqlCommand(sql, (NpgsqlConnection)db.Database.GetDbConnection());
        command.Parameters.AddRange(parameters);
        Require(await command.ExecuteNonQueryAsync(ct), rows);
    }

    private static void Require(int written, int rows)
    {
        if (written != rows) throw new DbUpdateConcurrencyException($"{written} rows were written in place of {rows}.");
    }
}
