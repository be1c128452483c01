using Microsoft.EntityFrameworkCore;

namespace Tendering.Escrow.Data;

/// <summary>What must always be true of the books, asked in one statement so that it sees one moment.</summary>
public static class Invariants
{
    /// <summary>The names of those that do not hold; they carry no amounts and no names.</summary>
    public static async Task<IReadOnlyList<string>> ViolatedAsync(EscrowDb db, CancellationToken ct) => await db.Database.SqlQueryRaw<string>("""
        with sums as (select a.*, coalesce(s.debits, 0) as debits, coalesce(s.credits, 0) as credits, coalesce(s.pending_debits, 0) as pending_debits, coalesce(s.pending_credits, 0) as pending_credits
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
          and (b.debits, b.credits, b.pending_debits, b.pending_credits) is distinct from (s.debits, s.credits, s.pending_debits, s.pending_credits))
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
