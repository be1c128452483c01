-- The books. Accounts and transfers are written once and never change; only running balances move.

create function books_are_append_only() returns trigger language plpgsql as $$
begin
  raise exception 'the books are append-only: correct by a further transfer' using errcode = 'restrict_violation';
end $$;

create table account (
  id         uuid primary key,
  code       text not null unique,
  name       text not null,
  kind       text not null check (kind in ('Asset', 'Liability', 'Expense')),
  currency   text not null check (currency ~ '^[A-Z]{3}$'),
  limited    text not null check (limited in ('None', 'DebitsWithinCredits', 'CreditsWithinDebits')),
  is_system  boolean not null,
  opened_at  timestamptz not null,
  check (not is_system or limited = 'None')      -- a system account has no running row that a limit could be checked on
);
create trigger account_append_only before update or delete on account for each row execute function books_are_append_only();
create trigger account_no_truncate before truncate on account for each statement execute function books_are_append_only();

-- One running row for each account that is not the system's.
create table balance (
  account_id      uuid primary key,
  limited         text not null,
  debits          bigint not null default 0 check (debits >= 0),
  credits         bigint not null default 0 check (credits >= 0),
  pending_debits  bigint not null default 0 check (pending_debits >= 0),
  pending_credits bigint not null default 0 check (pending_credits >= 0),
  check (limited <> 'DebitsWithinCredits' or debits::numeric + pending_debits <= credits),
  check (limited <> 'CreditsWithinDebits' or credits::numeric + pending_credits <= debits)
);

-- No foreign keys to accounts: their checks would share-lock rows that everybody uses. The one path that books reads the accounts first.
create table transfer (
  id             uuid primary key,
  position       bigint generated always as identity unique,
  chain          uuid not null,
  kind           text not null,
  debit_account  uuid not null,
  credit_account uuid not null check (credit_account <> debit_account),
  amount         bigint not null check (amount > 0),
  posted         bigint not null,                -- what it adds to the posted sums of both accounts
  held           bigint not null,                -- and to the pending sums: a balance is a plain sum
  currency       text not null,
  pending_id     uuid,
  code           text not null,
  reference      text not null,
  booked_at      timestamptz not null,
  check (case kind
    when 'Transfer' then posted = amount and held = 0 and pending_id is null
    when 'Pending'  then posted = 0 and held = amount and pending_id is null
    when 'Post'     then posted = amount and held <= -amount and pending_id is not null
    when 'Void'     then posted = 0 and held = -amount and pending_id is not null
    else false end)
);
create unique index transfer_settles_once on transfer (pending_id) where pending_id is not null;
create index transfer_debit on transfer (debit_account);
create index transfer_credit on transfer (credit_account);
create trigger transfer_append_only before update or delete on transfer for each row execute function books_are_append_only();
create trigger transfer_no_truncate before truncate on transfer for each statement execute function books_are_append_only();

create view account_sum as
select account, sum(debit)::bigint as debits, sum(credit)::bigint as credits, sum(pending_debit)::bigint as pending_debits, sum(pending_credit)::bigint as pending_credits
from (
  select debit_account as account, posted as debit, 0::bigint as credit, held as pending_debit, 0::bigint as pending_credit from transfer
  union all
  select credit_account, 0, posted, 0, held from transfer
) side
group by account;

grant select, insert on account, transfer to "$service$";
grant select, insert, update on balance to "$service$";
grant select on account_sum to "$service$";
