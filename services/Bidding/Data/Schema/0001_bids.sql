-- Local copies of what other services own.

create table organisation (
  id                 uuid primary key,
  social_credit_code text not null,
  name               text not null
);

create table certificate (
  thumbprint      text primary key,            -- SHA-256 of the DER, hexadecimal
  organisation_id uuid not null,
  issuer_pem      text not null
);
create index certificate_organisation on certificate (organisation_id);

create table revocation (
  organisation_id uuid not null,
  serial_number   text not null,               -- upper-case hexadecimal without leading zeros
  revoked_at      timestamptz not null,
  primary key (organisation_id, serial_number)
);

create table debarment (
  id                 uuid primary key,
  social_credit_code text not null,
  reason             text not null,
  decision_number    text not null,
  valid_from         timestamptz not null,
  valid_until        timestamptz not null,
  ended_at           timestamptz
);
create index debarment_code on debarment (social_credit_code);

create table deposit (
  lot_id    uuid not null,
  bidder_id uuid not null,
  state     text not null,
  reason    text,
  primary key (lot_id, bidder_id)
);

-- What bidding owns. A submission shares a lock on the lot's row with the closing; no foreign key points there, since its check would lock the row as well.

create table lot (
  id                uuid primary key,
  tender_id         uuid not null,
  rule_set_id       text not null,
  bid_deadline      timestamptz not null,
  threshold         int not null,
  custodian_keys    text[] not null,           -- in the order of the tender notice
  stage             text not null,
  closing_list_hash text,
  closed_at         timestamptz,
  next_due_at       timestamptz,
  check ((stage = 'Closed') = (closed_at is not null and closing_list_hash is not null))
);
create index lot_due on lot (next_due_at) where next_due_at is not null;

create table registration (
  lot_id        uuid not null,
  bidder_id     uuid not null,
  registered_at timestamptz not null,
  primary key (lot_id, bidder_id)
);

create table upload (
  id          uuid primary key,
  lot_id      uuid not null,
  bidder_id   uuid not null,
  part        text not null check (part in ('price', 'files')),
  length      bigint not null check (length > 0),
  received    bigint not null check (received between 0 and length),
  digest      text,                            -- of the whole, once it is complete
  created_at  timestamptz not null,
  check ((digest is not null) = (received = length))
);
create index upload_bidder on upload (lot_id, bidder_id);

create table upload_block (
  upload_id uuid not null references upload,
  number    int not null,
  sha256    bytea not null check (length(sha256) = 32),
  primary key (upload_id, number)
);

create table bid (
  id            uuid primary key,
  position      bigint generated always as identity,
  tender_id     uuid not null,
  lot_id        uuid not null,
  bidder_id     uuid not null,
  revision      int not null check (revision > 0),
  manifest_hash text not null,
  manifest      text not null,
  signature     bytea not null,
  thumbprint    text not null,
  price_upload  uuid not null,
  files_upload  uuid not null,
  receipt       text not null,
  submitted_at  timestamptz not null,
  unique (lot_id, bidder_id, revision)
);

-- Keys and hashes do not compress: trying costs more than the rest of the insert.
alter table bid set (toast_tuple_target = 8160);

-- Which of a bidder's bids stands; none after a withdrawal. The revision is the last one that was used.
create table standing (
  lot_id    uuid not null,
  bidder_id uuid not null,
  revision  int not null,
  bid_id    uuid references bid,
  primary key (lot_id, bidder_id)
);

create table receipt_key (
  one        boolean primary key default true check (one),
  key_id     text not null,
  x          text not null,
  y          text not null,
  private    bytea not null                    -- encrypted under the master key
);

create function is_append_only() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation';
end $$;
create trigger bid_append_only before update or delete on bid for each row execute function is_append_only();
create trigger bid_no_truncate before truncate on bid for each statement execute function is_append_only();
create trigger registration_append_only before update or delete on registration for each row execute function is_append_only();
create trigger registration_no_truncate before truncate on registration for each statement execute function is_append_only();
create trigger upload_block_append_only before update or delete on upload_block for each row execute function is_append_only();

grant select, insert on organisation, certificate, revocation, registration, upload_block, bid, receipt_key to "$service$";
grant select, insert, update on debarment, deposit, lot to "$service$";
grant select, insert on upload, standing to "$service$";
grant update (received, digest) on upload to "$service$";
grant update (revision, bid_id) on standing to "$service$";
