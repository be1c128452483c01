-- Balances are quick whatever the size of the books: a snapshot, and what came after it.

-- A cut says: all transfers up to this position are committed and booked at this moment or before; all later ones are booked at it or after.
create table ledger_cut (
  position bigint primary key,
  moment   timestamptz not null
);
create index ledger_cut_moment on ledger_cut (moment, position);
create trigger ledger_cut_append_only before update or delete on ledger_cut for each row execute function books_are_append_only();
create trigger ledger_cut_no_truncate before truncate on ledger_cut for each statement execute function books_are_append_only();

-- The sums of an account over all its transfers up to the position, which can gain no more.
create table balance_snapshot (
  account_id      uuid not null,
  position        bigint not null,
  debits          bigint not null check (debits >= 0),
  credits         bigint not null check (credits >= 0),
  pending_debits  bigint not null check (pending_debits >= 0),
  pending_credits bigint not null check (pending_credits >= 0),
  primary key (account_id, position)
);
create trigger balance_snapshot_append_only before update or delete on balance_snapshot for each row execute function books_are_append_only();
create trigger balance_snapshot_no_truncate before truncate on balance_snapshot for each statement execute function books_are_append_only();

alter table balance add column transfers bigint not null default 0 check (transfers >= 0);
update balance b set transfers = s.n from (
  select account, count(*) as n from (select debit_account as account from transfer union all select credit_account from transfer) side group by account) s
where s.account = b.account_id;

-- An account's transfers in order, with all that a balance needs: the table itself is not read.
create index transfer_of_debit on transfer (debit_account, position) include (posted, held, booked_at);
create index transfer_of_credit on transfer (credit_account, position) include (posted, held, booked_at);
drop index transfer_debit, transfer_credit;
create index account_system on account (id) where is_system;

grant select, insert on ledger_cut, balance_snapshot to "$service$";
