using Microsoft.EntityFrameworkCore;
using Tendering.Escrow.Domain;

namespace Tendering.Escrow.Data;

/// <summary>What accounts show, now or at a past moment: the nearest snapshot, and what came after it. It reads a few thousand transfers at most, however many there are.</summary>
public static class Balances
{
    // From a snapshot on, account and position are compared together: only the account's own index serves that. Apart, the planner has read all positions of half a year.
    private sealed record Row(Guid Account, long Debits, long Credits, long PendingDebits, long PendingCredits);

    // System accounts: the last snapshot, and what came after it.
    private const string SystemNow = """
        select a.id as "Account", coalesce(s.debits, 0) + d.posted as "Debits", coalesce(s.credits, 0) + c.posted as "Credits", coalesce(s.pending_debits, 0) + d.held as "PendingDebits",
          coalesce(s.pending_credits, 0) + c.held as "PendingCredits"
        from account a
        left join lateral (select * from balance_snapshot s where s.account_id = a.id order by s.position desc limit 1) s on true
        cross join lateral (select coalesce(sum(posted), 0)::bigint as posted, coalesce(sum(held), 0)::bigint as held
          from transfer where (debit_account, position) > (a.id, coalesce(s.position, 0)) and debit_account <= a.id) d
        cross join lateral (select coalesce(sum(posted), 0)::bigint as posted, coalesce(sum(held), 0)::bigint as held
          from transfer where (credit_account, position) > (a.id, coalesce(s.position, 0)) and credit_account <= a.id) c
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

    private sealed record Start(Guid Account, long After, long Until, long Debits, long Credits, long PendingDebits, long PendingCredits);

    /// <summary>Of all that was booked before the moment. A moment in the past has one answer for ever, once nothing that began before it is still under way.</summary>
    public static async Task<IReadOnlyDictionary<Guid, Balance>> AsOfAsync(EscrowDb db, Guid[] accounts, DateTimeOffset before, CancellationToken ct)
    {
        // Between the last cut that lies wholly before the moment and the first that lies wholly after it, the transfers' own times decide.
        var moment = before.ToUniversalTime();
        var starts = await db.Database.SqlQuery<Start>($"""
            with reach as (
              select coalesce((select position from ledger_cut where moment < {moment} order by moment desc, position desc limit 1), 0) as low,
                coalesce((select position from ledger_cut where moment >= {moment} order by moment, position limit 1), {long.MaxValue}) as high)
            select a.id as "Account", coalesce(s.position, 0) as "After", reach.high as "Until", coalesce(s.debits, 0) as "Debits", coalesce(s.credits, 0) as "Credits",
              coalesce(s.pending_debits, 0) as "PendingDebits", coalesce(s.pending_credits, 0) as "PendingCredits"
            from account a cross join reach
            left join lateral (select * from balance_snapshot s where s.account_id = a.id and s.position <= reach.low order by s.position desc limit 1) s on true
            where a.id = any ({accounts})
            """).ToListAsync(ct);
        // Then with the bounds known, an account at a time. In one statement they would be unknown to the planner, which took the wrong index; and compared as a pair with the account, the upper one ends no scan.
        var rows = new List<Row>(starts.Count);
        foreach (var s in starts)
            rows.Add((await db.Database.SqlQuery<Row>($"""
                select {s.Account} as "Account", {s.Debits} + d.posted as "Debits", {s.Credits} + c.posted as "Credits", {s.PendingDebits} + d.held as "PendingDebits", {s.PendingCredits} + c.held as "PendingCredits"
                from (select coalesce(sum(posted), 0)::bigint as posted, coalesce(sum(held), 0)::bigint as held
                  from transfer where debit_account = {s.Account} and position > {s.After} and position <= {s.Until} and booked_at < {moment}) d
                cross join (select coalesce(sum(posted), 0)::bigint as posted, coalesce(sum(held), 0)::bigint as held
                  from transfer where credit_account = {s.Account} and position > {s.After} and position <= {s.Until} and booked_at < {moment}) c
                """).ToListAsync(ct)).Single());
        return Read(rows);
    }

    private static Dictionary<Guid, Balance> Read(List<Row> rows) => rows.ToDictionary(r => r.Account, r => new Balance(r.Debits, r.Credits, r.PendingDebits, r.PendingCredits));
}

/// <summary>What an account, or the sub-accounts of a currency together, show. Minor units.</summary>
public sealed record TrialLine(string Code, string Name, string Currency, long Debits, long Credits, long PendingDebits, long PendingCredits);
