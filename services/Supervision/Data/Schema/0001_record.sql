-- Every event of every service, in the order in which it was heard. The index is given by the one consumer, without a gap.
create table event (
  index           bigint primary key check (index > 0),
  source          text not null,
  sequence        bigint not null check (sequence > 0),
  id              uuid not null,
  type            text not null,
  version         int not null,
  tender_id       uuid,
  payload         text not null,
  secret_until    text,
  salt            bytea,
  person_id       uuid,
  organisation_id uuid,
  role            text,
  address         text,
  occurred_at     timestamptz not null,
  trace_parent    text,
  hash            bytea not null,
  unique (source, sequence)
);
create index event_tender on event (tender_id, index) where tender_id is not null;

-- How far each source's stream has come. 'highest' above 'last' means that events between them are missing.
create table stream (
  source      text primary key,
  last        bigint not null,
  highest     bigint not null check (highest >= last),
  asks        int not null,                   -- how often the same missing events were asked for in vain
  asked_after bigint,
  asked_at    timestamptz                     -- by the database's clock; null: not yet for this gap
);

-- Events that came before their turn.
create table waiting (
  source   text not null,
  sequence bigint not null,
  envelope text not null,
  hash     bytea not null,
  primary key (source, sequence)
);

create table alarm (
  id        uuid primary key,
  kind      text not null,
  source    text not null,
  sequence  bigint,
  detail    text not null,
  raised_at timestamptz not null
);

-- Versions of an event that differ from the one that was heard first; that one stays where it is.
create table rewriting (
  source   text not null,
  sequence bigint not null,
  hash     bytea not null,
  envelope text not null,
  alarm_id uuid not null unique references alarm,
  primary key (source, sequence, hash)
);

create function record_is_append_only() returns trigger language plpgsql as $$
begin
  raise exception 'the record is append-only' using errcode = 'restrict_violation';
end $$;
create trigger event_append_only before update or delete on event for each row execute function record_is_append_only();
create trigger event_no_truncate before truncate on event for each statement execute function record_is_append_only();
create trigger alarm_append_only before update or delete on alarm for each row execute function record_is_append_only();
create trigger alarm_no_truncate before truncate on alarm for each statement execute function record_is_append_only();
create trigger rewriting_append_only before update or delete on rewriting for each row execute function record_is_append_only();
create trigger rewriting_no_truncate before truncate on rewriting for each statement execute function record_is_append_only();

grant select, insert on event, alarm, rewriting to "$service$";
grant select, insert, update on stream to "$service$";
grant select, insert, delete on waiting to "$service$";
