-- Heartbeats, the outages between them, and the extensions that are proposed for them.

alter table lot add column agency_id uuid;

create table heartbeat (
  real_at timestamptz primary key,             -- by the database's own clock
  at      timestamptz not null,                -- by the clock of deadlines
  signed  text not null
);
create index heartbeat_at on heartbeat (at);
create trigger heartbeat_append_only before update or delete on heartbeat for each row execute function is_append_only();
create trigger heartbeat_no_truncate before truncate on heartbeat for each statement execute function is_append_only();

create table outage (
  from_at     timestamptz primary key,
  until_at    timestamptz not null check (until_at > from_at),
  last_before text not null,
  first_after text not null
);
create index outage_until on outage (until_at);
create trigger outage_append_only before update or delete on outage for each row execute function is_append_only();

create table extension (
  id                uuid primary key,
  tender_id         uuid not null,
  lot_id            uuid not null,
  deadline          timestamptz not null,
  proposed_deadline timestamptz not null,
  outages           jsonb not null,
  proposed_at       timestamptz not null,
  held_until        timestamptz not null,
  approved          boolean,
  reason            text,
  decided_by        uuid,
  decided_at        timestamptz,
  check ((decided_at is null) = (approved is null))
);
create unique index extension_undecided on extension (lot_id) where decided_at is null;
create index extension_lot on extension (lot_id);

grant select, insert on heartbeat, outage, extension to "$service$";
grant update (approved, reason, decided_by, decided_at) on extension to "$service$";
