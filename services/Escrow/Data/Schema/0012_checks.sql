-- How many transfers, too: a running row counts them.
create or replace view account_sum as
select account, sum(debit)::bigint as debits, sum(credit)::bigint as credits, sum(pending_debit)::bigint as pending_debits, sum(pending_credit)::bigint as pending_credits, count(*) as transfers
from (
  select debit_account as account, posted as debit, 0::bigint as credit, held as pending_debit, 0::bigint as pending_credit from transfer
  union all
  select credit_account, 0, posted, 0, held from transfer
) side
group by account;
