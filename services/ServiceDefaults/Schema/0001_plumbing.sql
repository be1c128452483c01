-- What every service's database has: the stream it publishes, what it has handled, and answers already given.

create table outbox (
  position     bigint generated always as identity primary key,
  sequence     bigint unique,                 -- 1, 2, 3 ... in commit order, given by the relay and by nobody else
  id           uuid not null unique,
  type         text not null,
  version      int not null,
  tender_id    uuid,
  payload      text not null,
  secret_until text,
  salt         bytea,
  person_id       uuid,
  organisation_id uuid,
  role         text,
  address      text,
  occurred_at  timestamptz not null,
  trace_parent text
);
create index outbox_unnumbered on outbox (position) where sequence is null;

create function outbox_is_append_only() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' and old.sequence is null and new.sequence is not null
     and to_jsonb(old) - 'sequence' = to_jsonb(new) - 'sequence' then
    return new;
  end if;
  raise exception 'events are append-only' using errcode = 'restrict_violation';
end $$;
create trigger outbox_append_only before update or delete on outbox for each row execute function outbox_is_append_only();
create trigger outbox_no_truncate before truncate on outbox for each statement execute function outbox_is_append_only();

-- A waiting relay holds the advisory lock (727001, 2). A writer that can share it knows that the relay is at work and will
-- look again after this transaction; one that cannot wakes the relay. So a busy service sends no notifications, whose
-- commit lock would make its writers queue.
create function outbox_wake() returns trigger language plpgsql as $$
begin
  if not pg_try_advisory_xact_lock_shared(727001, 2) then
    perform pg_notify('outbox', '');
  end if;
  return null;
end $$;
create trigger outbox_wakes_relay after insert on outbox for each statement execute function outbox_wake();

create table relay (
  one       boolean primary key default true check (one),
  published bigint not null default 0         -- highest sequence that the broker has confirmed
);
insert into relay default values;

create table inbox (
  event_id   uuid not null,
  consumer   text not null,
  handled_at timestamptz not null default now(),
  primary key (event_id, consumer)
);
create index inbox_handled_at on inbox (handled_at);

create table parked (
  event_id  uuid not null,
  consumer  text not null,
  envelope  text not null,
  error     text not null,
  attempts  int not null,
  parked_at timestamptz not null,
  primary key (event_id, consumer)
);

create table idempotency (
  caller     text not null,
  key        text not null,
  route      text not null,
  body_hash  bytea not null,
  status     int,
  location   text,
  response   text,
  created_at timestamptz not null default now(),
  primary key (caller, key)
);
create index idempotency_created_at on idempotency (created_at);

grant select, insert on outbox to "$service$";
grant update (sequence) on outbox to "$service$";
grant select, update on relay to "$service$";
grant select, insert, delete on inbox, parked to "$service$";
grant update on parked to "$service$";
grant select, insert, update, delete on idempotency to "$service$";
