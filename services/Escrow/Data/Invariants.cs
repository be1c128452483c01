using Microsoft.EntityFrameworkCore;

namespace Tendering.Escrow.Data;

/// <summary>What must always be true of the books, asked in one statement so that it sees one moment.</summary>
public static class Invariants
{
    /// <summary>The names of those that do not hold; they carry no amounts and no names.</summary>
    public static async Task<IReadOnlyList<string>> ViolatedAsync(EscrowDb db, CancellationToken ct) => await db.Database.SqlQueryRaw<string>("""
        with sums as (select a.*, coalesce(s.debits, 0) as debits, coalesce(s.credits, 0) as credits, coalesce(s.pending_debits, 0) as pending_debits, coalesce(s.pending_credits, 0) as pending_credits,
                        coalesce(s.transfers, 0) as transfers
                      from account a left join account_sum s on s.account = a.id),
             system as (select split_part(code, ':', 1) as role, currency, debits, credits, pending_debits, pending_credits from sums where is_system)
        select 'debits-equal-credits' as "Value" where exists (
          select 1 from sums group by currency having sum(debits) <> sum(credits) or sum(pending_debits) <> sum(pending_credits))
        union all select 'accounts-exist-in-their-currency' where exists (
          select 1 from transfer t left join account d on d.id = t.debit_account left join account c on c.id = t.credit_account
          where d.currency is distinct from t.currency or c.currency is distinct from t.currency)
        union all select 'no-component-negative' where exists (select 1 from sums where least(debits, credits, pending_debits, pending_credits) < 0)
        union all select 'no-overdraft' where exists (
          select 1 from sums where (limited = 'DebitsWithinCredits' and debits + pending_debits > credits) or (limited = 'CreditsWithinDebits' and credits + pending_credits > debits))
        union all select 'running-rows-equal-sums' where exists (
          select 1 from sums s full join balance b on b.account_id = s.id where not coalesce(s.is_system, false)
          and (b.debits, b.credits, b.pending_debits, b.pending_credits, b.transfers) is distinct from (s.debits, s.credits, s.pending_debits, s.pending_credits, s.transfers))
        union all select 'holds-end-as-they-began' where exists (
          select 1 from transfer t left join transfer p on p.id = t.pending_id
          where t.pending_id is not null and (p.kind, p.debit_account, p.credit_account, p.held) is distinct from ('Pending', t.debit_account, t.credit_account, -t.held))
        union all select 'snapshots-equal-sums' where exists (
          select 1 from (select distinct on (account_id) * from balance_snapshot order by account_id, position desc) s
          cross join lateral (select coalesce(sum(posted), 0) as posted, coalesce(sum(held), 0) as held from transfer where debit_account = s.account_id and position <= s.position) d
          cross join lateral (select coalesce(sum(posted), 0) as posted, coalesce(sum(held), 0) as held from transfer where credit_account = s.account_id and position <= s.position) c
          where (s.debits, s.credits, s.pending_debits, s.pending_credits) is distinct from (d.posted, c.posted, d.held, c.held))
        union all select 'nothing-is-booked-out-of-turn' where exists (
          select 1 from (select position, moment, lag(position, 1, 0::bigint) over w as after, lag(moment) over w as earliest from ledger_cut window w as (order by position)) c
          join transfer t on t.position > c.after and t.position <= c.position where t.booked_at > c.moment or t.booked_at < c.earliest)
          or exists (select 1 from transfer where position > (select max(position) from ledger_cut) and booked_at < (select max(moment) from ledger_cut))
        union all select 'held-equals-open-deposits' where exists (
          select 1 from system s where role = 'held' and pending_credits <> (select coalesce(sum(amount), 0) from deposit d where stage = 'Secured' and d.currency = s.currency))
        union all select 'forfeits-reach-the-treasury' where exists (
          select 1 from system s where role = 'treasury' and credits <> (select coalesce(sum(forfeited), 0) from deposit d where d.currency = s.currency)
            + (select coalesce(sum(received), 0) from guarantee_letter l where l.currency = s.currency))
        union all select 'forfeits-are-paid-on' where exists (
          select 1 from system s where role = 'treasury' and debits <> (select coalesce(sum(amount), 0) from payment_order o where o.reason in ('forfeit', 'claim') and o.stage <> 'Replaced' and o.currency = s.currency))
        union all select 'interest-is-what-refunds-bear' where exists (
          select 1 from system s where role = 'interest' and debits <> (select coalesce(sum(interest), 0) from payment_order o where o.stage <> 'Replaced' and o.currency = s.currency))
        union all select 'interest-is-ordered-once' where exists (
          select 1 from deposit d where interest + late_interest <> (select coalesce(sum(o.interest), 0) from payment_order o where o.deposit_id = d.id and o.stage <> 'Replaced'))
        union all select 'transit-equals-open-orders' where exists (
          select 1 from system s where role = 'transit' and credits - debits <> (select coalesce(sum(amount), 0) from payment_order o where stage = 'Ordered' and o.currency = s.currency))
        union all select 'suspense-equals-open-items' where exists (
          select 1 from system s where role = 'suspense' and credits - debits <> (
            select coalesce(sum(case when is_credit then amount else -amount end), 0) from work_item i where stage = 'Open' and i.currency = s.currency))
        union all select 'bank-equals-its-entries' where exists (
          select 1 from system s where role = 'bank' and (debits, credits) <> (
            select coalesce(sum(amount) filter (where is_credit), 0)::bigint, coalesce(sum(amount) filter (where not is_credit), 0)::bigint from bank_entry e where e.currency = s.currency))
        union all select 'refunds-are-ordered-once' where exists (
          select 1 from deposit d where (stage in ('Released', 'Refunded') or (stage = 'Forfeited' and forfeited < amount))
          and (select coalesce(sum(o.amount - o.interest), 0) from payment_order o where o.deposit_id = d.id and o.stage <> 'Replaced') <> amount - forfeited)
        union all select 'refunds-are-confirmed-once' where exists (
          select 1 from deposit d where refunded <> (select coalesce(sum(o.amount - o.interest), 0) from payment_order o where o.deposit_id = d.id and o.stage = 'Confirmed'))
        """).ToListAsync(ct);
}
