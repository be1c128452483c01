-- Refunds with interest, in runs; forfeits that are paid on; letters and exemptions in a deposit's place.

alter table lot
  add tenderer_name     text,
  add bid_validity_days int check (bid_validity_days > 0),
  add letter_kinds      text[] not null default '{}',
  add exemption_grounds text[] not null default '{}',
  add opened_at         timestamptz;

create table refund_run (
  id           uuid primary key,
  tender_id    uuid not null,
  lot_id       uuid not null references lot,
  reason       text not null,
  rule_key     text not null,
  interest_key text,
  start_at     timestamptz not null,             -- when the time for the refund begins
  due_by       timestamptz not null,
  stage        text not null,
  started_at   timestamptz not null,
  ended_at     timestamptz,
  next_due_at  timestamptz,
  unique (lot_id, reason)
);
create index refund_run_due on refund_run (next_due_at) where next_due_at is not null;
create index refund_run_tender on refund_run (tender_id);

-- Whether the runs of a tender stand still, by whose word and why. No row: they run.
create table refund_pause (
  tender_id  uuid primary key,
  is_paused  boolean not null,
  reason     text not null,
  changed_by uuid not null,
  changed_at timestamptz not null
);

alter table deposit
  add received_at    timestamptz,                -- when the bank booked the payment: interest begins with its day
  add interest       bigint not null default 0 check (interest >= 0),
  add interest_terms jsonb,
  add late_interest  bigint not null default 0 check (late_interest >= 0),
  add late_terms     jsonb,
  add returned_at    timestamptz,
  add run_id         uuid references refund_run,
  add next_due_at    timestamptz;
update deposit d set received_at = coalesce((select e.booked_at from bank_entry e where e.reference = d.bank_reference), d.secured_at);
alter table deposit alter received_at set not null;
create index deposit_due on deposit (next_due_at) where next_due_at is not null;
create index deposit_run on deposit (run_id, sub_account_id) where stage = 'Secured';
create index deposit_open on deposit (refund_due_by) where stage in ('Secured', 'Released');

-- The part of an order that is interest; the rest is what the bidder had paid.
alter table payment_order add interest bigint not null default 0 check (interest >= 0 and interest <= amount);

create table guarantee_letter (
  id              uuid primary key,
  sub_account_id  uuid not null references sub_account,
  tender_id       uuid not null,
  lot_id          uuid not null,
  bidder_id       uuid not null,
  kind            text not null,
  issuer_code     text not null,
  issuer_name     text not null,
  number          text not null,
  amount          bigint not null check (amount > 0),
  currency        text not null,
  beneficiary     text not null,
  valid_through   date not null,
  document_hash   text not null,
  stage           text not null,
  presented_at    timestamptz not null,
  decided_at      timestamptz,
  decided_by      uuid,
  refusal         text,
  released_at     timestamptz,
  release_reason  text,
  warned_at       timestamptz,
  expired_at      timestamptz,
  claimed         bigint not null default 0,
  received        bigint not null default 0,
  decision_number text,
  decision_hash   text,
  claimed_at      timestamptz,
  claim_account   text unique,
  treasury_account text,
  treasury_name   text,
  next_due_at     timestamptz,
  check (received >= 0 and received <= claimed and claimed <= amount)
);
-- One paper secures one bid, and a bid has one security.
create unique index guarantee_letter_once on guarantee_letter (issuer_code, number) where stage <> 'Refused';
create unique index guarantee_letter_live on guarantee_letter (sub_account_id) where stage in ('Presented', 'Verified');
create index guarantee_letter_due on guarantee_letter (next_due_at) where next_due_at is not null;
create index guarantee_letter_lot on guarantee_letter (lot_id);

create table exemption (
  id             uuid primary key,
  sub_account_id uuid not null unique references sub_account,
  tender_id      uuid not null,
  lot_id         uuid not null,
  bidder_id      uuid not null,
  ground         text not null,
  document_hash  text not null,
  declared_at    timestamptz not null
);
create trigger exemption_append_only before update or delete on exemption for each row execute function books_are_append_only();
create trigger exemption_no_truncate before truncate on exemption for each statement execute function books_are_append_only();

grant select, insert, update on refund_run, refund_pause, guarantee_letter to "$service$";
grant select, insert on exemption to "$service$";
