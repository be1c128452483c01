create table organisation (
  id                 uuid primary key,
  social_credit_code text not null,
  name               text not null,
  kind               text not null
);
create index organisation_code on organisation (social_credit_code);

-- The last number given in a year; a draft that is given up leaves a gap.
create table tender_number (
  year int primary key,
  last int not null
);

create table tender (
  id            uuid primary key,
  number        text not null unique,
  title         text not null,
  rule_set_id   text not null,
  category      text not null,
  agency_id     uuid not null,
  agency_name   text not null,
  tenderer_id   uuid,
  tenderer_code text,
  tenderer_name text not null,
  threshold     int not null check (threshold >= 2),
  documents     jsonb not null,
  preparation   text not null,
  review_round  int not null,
  created_at    timestamptz not null,
  published_at  timestamptz,
  check ((preparation = 'Published') = (published_at is not null))
);
create index tender_in_preparation on tender (id) where preparation <> 'Published';

create table custodian (
  tender_id         uuid not null references tender (id),
  index             int not null check (index > 0),
  organisation_id   uuid not null,
  organisation_name text not null,
  public_key        text,
  registered_at     timestamptz,
  primary key (tender_id, index),
  unique (tender_id, organisation_id),
  unique (tender_id, public_key)
);
create index custodian_organisation on custodian (organisation_id);

create table review (
  id           uuid primary key,
  tender_id    uuid not null references tender (id),
  round        int not null,
  step         int not null check (step in (1, 2)),
  authority_id uuid not null,
  person_id    uuid not null,
  approved     boolean not null,
  opinion      text not null,
  decided_at   timestamptz not null,
  unique (tender_id, round, step)
);

create table lot (
  id                    uuid primary key,
  tender_id             uuid not null references tender (id),
  number                int not null,
  title                 text not null,
  ceiling_price         bigint not null check (ceiling_price > 0),
  minimum_price         bigint check (minimum_price > 0 and minimum_price <= ceiling_price),
  estimated_price       bigint check (estimated_price > 0),      -- the tenderer's secret
  deposit               bigint not null check (deposit >= 0),
  bid_deadline          timestamptz not null,
  opening_at            timestamptz not null,
  opening_minutes       int not null,
  evaluation_method     text not null,
  specialty             text not null,
  committee_size        int not null,
  stage                 text not null,
  closed_at             timestamptz,
  closing_list_hash     text,
  bids_at_closing       int,                                     -- secret until the opening or the failure
  opening_started_at    timestamptz,
  opening_completed_at  timestamptz,
  record_hash           text,
  evaluated_at          timestamptz,
  report_hash           text,
  ranking               jsonb,
  publicity_started_at  timestamptz,
  publicity_ends_at     timestamptz,
  candidates            jsonb,
  winner                jsonb,
  award_reason          text,
  awarded_at            timestamptz,
  noticed_at            timestamptz,
  contract_due_by       timestamptz,
  contract_hash         text,
  signed_at             timestamptz,
  failure               jsonb,
  unique (tender_id, number)
);

create table notice (
  id           uuid primary key,
  tender_id    uuid not null references tender (id),
  lot_id       uuid references lot (id),
  number       text not null,
  kind         text not null,
  title        text not null,
  content      text not null,
  sha256       text not null,
  published_at timestamptz not null
);
create index notice_tender on notice (tender_id, id);

create function record_is_append_only() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation';
end $$;
create trigger notice_append_only before update or delete on notice for each row execute function record_is_append_only();
create trigger notice_no_truncate before truncate on notice for each statement execute function record_is_append_only();
create trigger review_append_only before update or delete on review for each row execute function record_is_append_only();
create trigger review_no_truncate before truncate on review for each statement execute function record_is_append_only();

grant select, insert, update on organisation, tender_number, tender, custodian, lot to "$service$";
grant select, insert on review, notice to "$service$";
