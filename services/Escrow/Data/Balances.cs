using Microsoft.EntityFrameworkCore;
using Tendering.Escrow.Domain;

namespace Tendering.Escrow.Data;

/// <summary>What accounts show, now or at a past moment: the nearest snapshot, and what came after it. It reads a few thousand transfers at most, however many there are.</summary>
public static class Balances
{
    // Account and position are compared together: only the account's own index serves that. Apart, the planner has read all positions of half a year.
    private sealed record Row(Guid Account, long Debits, long Credits, long PendingDebits, long PendingCredits);

    // System accounts: the last snapshot, and what came after it.
    private const string SystemNow = """
        select a.id as "Account", coalesce(s.debits, 0) + d.posted as "Debits", coalesce(s.credits, 0) + c.posted as "Credits", coalesce(s.pending_debits, 0) + d.held as "PendingDebits",
          coalesce(s.pending_credits, 0) + c.held as "PendingCredits"
        from account a
        left join lateral (select * from balance_snapshot s where s.account_id = a.id order by s.position desc limit 1) s on true
        cross join lateral (select coalesce(sum(posted), 0)::bigint as posted, coalesce(sum(held), 0)::bigint as held
          from transfer where (debit_account, position) > (a.id, coalesce(s.position, 0)) and (debit_account, position) <= (a.id, 9223372036854775807)) d
        cross join lateral (select coalesce(sum(posted), 0)::bigint as posted, coalesce(sum(held), 0)::bigint as held
          from transfer where (credit_account, position) > (a.id, coalesce(s.position, 0)) and (credit_account, position) <= (a.id, 9223372036854775807)) c
        where a.is_system
        """;

    /// <summary>As of now, from running rows where there are any. Accounts that do not exist show nothing.</summary>
    public static async Task<IReadOnlyDictionary<Guid, Balance>> NowAsync(EscrowDb db, Guid[] accounts, CancellationToken ct) => Read(await db.Database.SqlQueryRaw<Row>($"""
        select b.account_id as "Account", b.debits as "Debits", b.credits as "Credits", b.pending_debits as "PendingDebits", b.pending_credits as "PendingCredits"
        from balance b where b.account_id = any (@accounts)
        union all
        {SystemNow} and a.id = any (@accounts)
        """, new Npgsql.NpgsqlParameter("accounts", accounts)).ToListAsync(ct));

    /// <summary>All sums of one moment, as of now: each system account, and by currency what the running rows add up to.</summary>
    public static Task<TrialLine[]> TrialAsync(EscrowDb db, CancellationToken ct) => db.Database.SqlQueryRaw<TrialLine>($"""
        select a.code as "Code", a.name as "Name", a.currency as "Currency", n."Debits", n."Credits", n."PendingDebits", n."PendingCredits" from ({SystemNow}) n join account a on a.id = n."Account"
        union all
        select 'sub-accounts:' || lower(a.currency), 'Sub-accounts', a.currency, coalesce(sum(b.debits), 0)::bigint, coalesce(sum(b.credits), 0)::bigint, coalesce(sum(b.pending_debits), 0)::bigint,
          coalesce(sum(b.pending_credits), 0)::bigint
        from account a left join balance b on b.account_id = a.id where not a.is_system group by a.currency
        order by 3, 1
        """).ToArrayAsync(ct);

    /// <summary>Of all that was booked before the moment. A moment in the past has one answer for ever, once nothing that began before it is still under way.</summary>
    public static async Task<IReadOnlyDictionary<Guid, Balance>> AsOfAsync(EscrowDb db, Guid[] accounts, DateTimeOffset before, CancellationToken ct)
    {
        // Between the last cut that lies wholly before the moment and the first that lies wholly after it, the transfers' own times decide.
        var moment = before.ToUniversalTime();
        return Read(await db.Database.SqlQuery<Row>($"""
            with reach as (
              select coalesce((select position from ledger_cut where moment < {moment} order by moment desc, position desc limit 1), 0) as low,
                coalesce((select position from ledger_cut where moment >= {moment} order by moment, position limit 1), {long.MaxValue}) as high)
            select a.id as "Account", coalesce(s.debits, 0) + d.posted as "Debits", coalesce(s.credits, 0) + c.posted as "Credits",
              coalesce(s.pending_debits, 0) + d.held as "PendingDebits", coalesce(s.pending_credits, 0) + c.held as "PendingCredits"
            from account a cross join reach
            left join lateral (select * from balance_snapshot s where s.account_id = a.id and s.position <= reach.low order by s.position desc limit 1) s on true
            cross join lateral (select coalesce(sum(posted), 0)::bigint as posted, coalesce(sum(held), 0)::bigint as held
              from transfer where (debit_account, position) > (a.id, coalesce(s.position, 0)) and (debit_account, position) <= (a.id, reach.high) and booked_at < {moment}) d
            cross join lateral (select coalesce(sum(posted), 0)::bigint as posted, coalesce(sum(held), 0)::bigint as held
              from transfer where (credit_account, position) > (a.id, coalesce(s.position, 0)) and (credit_account, position) <= (a.id, reach.high) and booked_at < {moment}) c
            where a.id = any ({accounts})
            """).ToListAsync(ct));
    }

    private static Dictionary<Guid, Balance> Read(List<Row> rows) => rows.ToDictionary(r => r.Account, r => new Balance(r.Debits, r.Credits, r.PendingDebits, r.PendingCredits));
}

/// <summary>What an account, or the sub-accounts of a currency together, show. Minor units.</summary>
public sealed record TrialLine(string Code, string Name, string Currency, long Debits, long Credits, long PendingDebits, long PendingCredits);
