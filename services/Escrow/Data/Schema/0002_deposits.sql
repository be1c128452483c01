create table lot (
  id              uuid primary key,
  tender_id       uuid not null,
  tender_number   text not null,
  number          int not null,
  rule_set        text not null,
  currency        text not null,
  deposit         bigint not null check (deposit >= 0),
  bid_deadline    timestamptz not null,
  winner_id       uuid,
  contract_due_by timestamptz,
  contracted_at   timestamptz,
  failed_at       timestamptz
);

create table basic_account (
  id            uuid primary key,                -- the organisation's
  number        text not null,
  name          text not null,
  registered_at timestamptz not null
);

-- One a bidder and lot; it is opened when lot, registration and basic account are all known, in whatever order they came.
create table sub_account (
  id            uuid primary key,                -- the ledger's account once it is opened
  tender_id     uuid not null,
  lot_id        uuid not null,
  bidder_id     uuid not null,
  bidder_name   text not null,
  registered_at timestamptz,
  revoked_at    timestamptz,
  number        text unique,
  opened_at     timestamptz,
  unique (lot_id, bidder_id)
);
create index sub_account_bidder on sub_account (bidder_id);

create table deposit (
  id              uuid primary key,
  sub_account_id  uuid not null references sub_account,
  tender_id       uuid not null,
  lot_id          uuid not null,
  bidder_id       uuid not null,
  amount          bigint not null check (amount > 0),
  currency        text not null,
  bank_reference  text not null unique,
  payer_account   text not null,
  payer_name      text not null,
  stage           text not null,
  secured_at      timestamptz not null,
  released_at     timestamptz,
  release_reason  text,
  refund_due_by   timestamptz,
  refunded        bigint not null default 0,
  forfeited       bigint not null default 0,
  decision_number text,
  decision_hash   text,
  check (refunded >= 0 and forfeited >= 0 and refunded + forfeited <= amount)
);
create unique index deposit_secured_once on deposit (sub_account_id) where stage = 'Secured';
create index deposit_lot on deposit (lot_id, id);

create table payment_order (
  id             uuid primary key,
  sequence       bigint generated always as identity unique,
  subject        text not null,                  -- what is paid back: a deposit, or a payment that could not be taken
  reason         text not null,
  deposit_id     uuid references deposit,
  to_account     text not null,
  to_name        text not null,
  amount         bigint not null check (amount > 0),
  currency       text not null,
  purpose        text not null,
  stage          text not null,
  ordered_at     timestamptz not null,
  bank_reference text unique,
  bank_booked_at timestamptz,
  unique (subject, reason)                       -- nothing is paid back twice
);
create index payment_order_open on payment_order (sequence) where stage = 'Ordered';

-- What the bank told, each entry matched once, by its reference.
create table bank_entry (
  reference            text primary key,
  is_credit            boolean not null,         -- true: money came in
  account_number       text not null,            -- the virtual account that was paid to, or the account that was paid
  amount               bigint not null check (amount > 0),
  currency             text not null,
  counterparty_account text not null,
  counterparty_name    text not null,
  booked_at            timestamptz not null,
  transfer_id          uuid not null,
  outcome              text not null,
  code                 text,
  sub_account_id       uuid,
  recorded_at          timestamptz not null
);
create index bank_entry_sub_account on bank_entry (sub_account_id) where sub_account_id is not null;
create trigger bank_entry_append_only before update or delete on bank_entry for each row execute function books_are_append_only();
create trigger bank_entry_no_truncate before truncate on bank_entry for each statement execute function books_are_append_only();

grant select, insert, update on lot, basic_account, sub_account, deposit, payment_order to "$service$";
grant select, insert on bank_entry to "$service$";
