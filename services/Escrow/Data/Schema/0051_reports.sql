-- What the check of all invariants found, each time; the trial balance names the last.
create table ledger_check (
  id         bigint generated always as identity primary key,
  checked_at timestamptz not null,
  violated   text[] not null                     -- the names of those that did not hold
);
create trigger ledger_check_append_only before update or delete on ledger_check for each row execute function books_are_append_only();
create trigger ledger_check_no_truncate before truncate on ledger_check for each statement execute function books_are_append_only();
grant select, insert on ledger_check to "$service$";

-- Reports go by these in pages: what is held by age, what is owed by its day.
create index deposit_held_since on deposit (secured_at, id) where stage = 'Secured';
create index guarantee_letter_held_since on guarantee_letter (decided_at, id) where stage = 'Verified';
create index deposit_owed on deposit (refund_due_by, id) where refunded = 0 and forfeited < amount and stage in ('Secured', 'Released', 'Forfeited');
