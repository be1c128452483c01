create table expert (
  id             uuid primary key,
  person_id      uuid not null unique,
  name           text not null,
  specialty      text not null,
  employer       text not null,
  employer_code  text not null,
  district       text not null,
  years_in_field int not null check (years_in_field >= 0),
  senior_title   boolean not null,
  active         boolean not null,
  status_reason  text,
  entered_by     uuid not null,
  entered_at     timestamptz not null
);
create index expert_specialty on expert (specialty);

create table organisation (
  id                 uuid primary key,
  social_credit_code text not null,
  name               text not null,
  kind               text not null
);

create table lot (
  id           uuid primary key,
  tender_id    uuid not null,
  terms        jsonb,
  bidders      jsonb,
  disclosed_at timestamptz,
  failed_at    timestamptz
);

-- The private key is encrypted under the master key, which no database holds.
create table vrf_key (
  id           uuid primary key,
  public_key   text not null,
  private_key  bytea not null,
  published_at timestamptz not null
);

create table draw (
  id              uuid primary key,
  tender_id       uuid not null,
  lot_id          uuid not null references lot,
  purpose         text not null,
  requested       int not null check (requested > 0),
  pool_hash       text not null,
  pool_size       int not null check (pool_size >= requested),
  excluded        jsonb not null,
  vrf_public_key  text not null,
  frozen_at       timestamptz not null,
  reveal_time     interval not null,
  answer_time     interval not null,
  round           int not null,
  stage           text not null,
  checkpoint_root text,
  alpha           text,
  proof           text,
  reveal_by       timestamptz,
  fail_reason     text,
  next_due_at     timestamptz
);
create index draw_due on draw (next_due_at) where next_due_at is not null;
create unique index draw_one_a_lot on draw (lot_id) where stage <> 'Failed';

create table pool_line (
  draw_id    uuid not null references draw,
  number     int not null,
  expert_id  uuid not null references expert,
  salt       bytea not null,
  commitment text not null,
  primary key (draw_id, number),
  unique (draw_id, expert_id)
);

create table exclusion (
  draw_id   uuid not null references draw,
  expert_id uuid not null references expert,
  reason    text not null,
  primary key (draw_id, expert_id)
);

create table draw_party (
  draw_id         uuid not null references draw,
  round           int not null,
  name            text not null,
  organisation_id uuid not null,
  commitment      text not null,
  committed_at    timestamptz not null,
  reveal          text,
  revealed_at     timestamptz,
  primary key (draw_id, round, name),
  unique (draw_id, commitment)
);

create table seat (
  draw_id     uuid not null references draw,
  position    int not null,
  index       int not null,
  pool_number int not null,
  expert_id   uuid not null references expert,
  stage       text not null,
  invited_at  timestamptz not null,
  answer_by   timestamptz not null,
  answered_at timestamptz,
  reason      text,
  signing_key text,
  primary key (draw_id, position),
  unique (draw_id, expert_id)
);
create index seat_expert on seat (expert_id);

create table draw_log (
  draw_id uuid not null references draw,
  number  int not null,
  text    text not null,
  primary key (draw_id, number)
);

create function is_append_only() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation';
end $$;
create trigger vrf_key_append_only before update or delete or truncate on vrf_key for each statement execute function is_append_only();
create trigger pool_line_append_only before update or delete or truncate on pool_line for each statement execute function is_append_only();
create trigger exclusion_append_only before update or delete or truncate on exclusion for each statement execute function is_append_only();
create trigger draw_log_append_only before update or delete or truncate on draw_log for each statement execute function is_append_only();

grant select, insert on vrf_key, pool_line, exclusion, draw_log to "$service$";
grant select, insert, update on organisation, lot, draw, draw_party, seat to "$service$";
grant select, insert on expert to "$service$";
grant update (active, status_reason) on expert to "$service$";
