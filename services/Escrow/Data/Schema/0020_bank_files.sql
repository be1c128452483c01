-- What the bank tells comes in files (camt.053, camt.054), each imported whole or not at all; what it is to pay goes out in files (pain.001).

create table bank_file (
  id          uuid primary key,
  position    bigint generated always as identity unique,
  hash        bytea not null unique,             -- SHA-256: the same file again is the same import
  kind        text not null check (kind in ('Statement', 'Notification')),
  version     int not null,
  message_id  text not null,
  created_at  timestamptz not null,              -- by the bank
  source      text not null,                     -- who brought it
  received_at timestamptz not null,
  report      text not null,                     -- what became of each entry
  unique (kind, message_id)
);

create table bank_statement (
  id          uuid primary key,
  position    bigint generated always as identity unique,
  file_id     uuid not null references bank_file deferrable initially deferred,
  number      text not null,                     -- the bank's
  currency    text not null,
  day         date not null,                     -- of the closing balance
  opening     bigint not null,                   -- below 0: overdrawn
  closing     bigint not null,
  recorded_at timestamptz not null
);
create index bank_statement_day on bank_statement (currency, day, position);

-- Which entries a statement shows: an entry may have been told before.
create table statement_entry (
  statement_id uuid not null references bank_statement deferrable initially deferred,
  reference    text not null,
  primary key (statement_id, reference)
);
create index statement_entry_reference on statement_entry (reference);

alter table bank_entry add column entry_reference text, add column file_id uuid, add column booking_day date, add column value_day date, add column end_to_end_id text,
  add column is_reversal boolean not null default false, add column remittance text;
alter table bank_entry disable trigger bank_entry_append_only;
update bank_entry set entry_reference = reference, booking_day = (booked_at at time zone 'Asia/Shanghai')::date;
alter table bank_entry enable trigger bank_entry_append_only;
alter table bank_entry alter column entry_reference set not null, alter column booking_day set not null;
create index bank_entry_of_entry on bank_entry (entry_reference);
create index bank_entry_day on bank_entry (currency, booking_day);
create index bank_entry_end_to_end on bank_entry (end_to_end_id) where end_to_end_id is not null;

-- What a person has to look at. Its money lies in suspense until it is resolved.
create table work_item (
  id              uuid primary key,
  sequence        bigint generated always as identity unique,
  reference       text not null unique,          -- the entry of the bank
  code            text not null,
  reason          text not null,
  is_credit       boolean not null,
  amount          bigint not null check (amount > 0),
  currency        text not null,
  booking_day     date not null,
  order_id        uuid,
  sub_account_id  uuid,
  opened_at       timestamptz not null,
  stage           text not null check (stage in ('Open', 'Resolved')),
  resolution      text,
  document_number text,
  document_hash   text,
  resolved_at     timestamptz,
  resolved_by     uuid,
  check ((stage = 'Resolved') = (resolution is not null and document_number is not null and resolved_at is not null and resolved_by is not null))
);
create index work_item_open on work_item (sequence) where stage = 'Open';

create table payment_file (
  id         uuid primary key,
  sequence   bigint generated always as identity unique,
  message_id text not null unique,
  currency   text not null,
  count      int not null check (count > 0),
  total      bigint not null check (total > 0),
  content    bytea not null,                     -- pain.001 as it is handed out
  made_at    timestamptz not null
);

alter table payment_order add column file_id uuid, add column next_due_at timestamptz, add column returned_at timestamptz, add column return_reference text;
update payment_order set next_due_at = ordered_at where stage = 'Ordered';
create index payment_order_due on payment_order (next_due_at) where next_due_at is not null;
create index payment_order_file on payment_order (file_id) where file_id is not null;

-- An order that went out once more, and by which document.
create table payment_repetition (
  id              bigint generated always as identity primary key,
  order_id        uuid not null,
  document_number text not null,
  asked_by        uuid not null,
  asked_at        timestamptz not null
);

-- A day that finance has signed. Days are closed in their order, once.
create table day_close (
  id          uuid primary key,
  currency    text not null,
  day         date not null,
  ends_at     timestamptz not null,              -- the first moment that is no longer of the day
  closing     bigint not null,                   -- the bank's balance
  report      text not null,                     -- the reconciliation that was signed
  report_hash text not null,
  closed_at   timestamptz not null,
  closed_by   uuid not null,
  unique (currency, day),
  check (closed_at >= ends_at)
);

create function append_only(names text[]) returns void language plpgsql as $$
declare name text;
begin
  foreach name in array names loop
    execute format('create trigger %1$s_append_only before update or delete on %1$I for each row execute function books_are_append_only()', name);
    execute format('create trigger %1$s_no_truncate before truncate on %1$I for each statement execute function books_are_append_only()', name);
  end loop;
end $$;
select append_only(array['bank_file', 'bank_statement', 'statement_entry', 'payment_file', 'payment_repetition', 'day_close']);
drop function append_only(text[]);

-- A closed day takes no more: neither transfers nor entries, whoever writes them. Who closes has the lock alone, who books shares it.
create function day_is_open() returns trigger language plpgsql as $$
begin
  perform pg_advisory_xact_lock_shared(727004);
  if exists (select 1 from added a join (select currency, max(ends_at) as ends_at from day_close group by currency) c on c.currency = a.currency and a.booked_at < c.ends_at) then
    raise exception 'day-closed: the day of this transfer is signed; it takes no more entries' using errcode = 'restrict_violation';
  end if;
  return null;
end $$;
create trigger transfer_day_is_open after insert on transfer referencing new table as added for each statement execute function day_is_open();

-- What the bank books on a closed day is not taken for granted: it is for a person, in the next open day.
create function entry_day_is_open() returns trigger language plpgsql as $$
begin
  perform pg_advisory_xact_lock_shared(727004);
  if new.code is distinct from 'day-closed' and exists (select 1 from day_close c where c.currency = new.currency and c.day >= new.booking_day) then
    raise exception 'day-closed: the booking day of this entry is signed; it can only go to the work list' using errcode = 'restrict_violation';
  end if;
  return new;
end $$;
create trigger bank_entry_day_is_open before insert on bank_entry for each row execute function entry_day_is_open();

grant select, insert on bank_file, bank_statement, statement_entry, payment_file, payment_repetition, day_close to "$service$";
grant select, insert, update on work_item to "$service$";
