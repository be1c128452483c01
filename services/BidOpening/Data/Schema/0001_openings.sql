create table opening_session (
  id                uuid primary key,          -- the lot's
  tender_id         uuid not null,
  stage             text not null,
  notice            jsonb,                     -- what the tender notice says; null until it is heard
  closing_list_hash text,                      -- null until the closing list is heard
  closed_at         timestamptz,
  started_at        timestamptz,
  shares_due_by     timestamptz,
  recovery_due_by   timestamptz,
  completed_at      timestamptz,
  record            text,
  record_hash       text,
  next_due_at       timestamptz,
  check ((stage = 'Completed') = (completed_at is not null and record is not null and record_hash is not null))
);
create index opening_session_due on opening_session (next_due_at) where next_due_at is not null;

create table listed_bid (
  id                 uuid primary key,
  tender_id          uuid not null,
  lot_id             uuid not null references opening_session,
  place              int not null,             -- on the closing list, from 1
  bidder_id          uuid not null,
  bidder_name        text not null,
  social_credit_code text not null,
  revision           int not null,
  manifest_hash      text not null,
  manifest           text not null,
  signature          text not null,
  receipt            text not null,
  price_storage_key  text not null,
  files_storage_key  text not null,
  deposit_secured    boolean not null,
  submitted_at       timestamptz not null,

  stage              text not null,
  price              bigint,
  schedule           text,
  price_key          bytea,
  opened_by          text,
  verdict            text,
  cause              text,
  fact               text,
  rule               text,
  article            text,
  decided_at         timestamptz,
  files_stage        text not null,
  files_key          bytea,
  files_fact         text,
  next_due_at        timestamptz,
  unique (lot_id, place),
  check ((stage = 'Opened') = (price is not null)),
  check ((stage = 'NotOpened') = (verdict is not null)),
  check ((stage = 'Sealed') = (decided_at is null))
);
create index listed_bid_due on listed_bid (next_due_at) where next_due_at is not null;

-- Shares that are what the manifest's hash says.
create table good_share (
  bid_id          uuid not null references listed_bid,
  part            text not null,
  custodian_index int not null,
  share           bytea not null,
  released_at     timestamptz not null,
  primary key (bid_id, part, custodian_index)
);

-- Shares that are not, named to their custodian.
create table wrong_share (
  bid_id          uuid not null references listed_bid,
  part            text not null,
  custodian_index int not null,
  share_hash      text not null,
  released_at     timestamptz not null,
  primary key (bid_id, part, custodian_index, share_hash)
);

create table share_release (
  id              uuid primary key,
  lot_id          uuid not null references opening_session,
  custodian_index int not null,
  person_id       uuid not null,
  good            int not null,
  wrong           int not null,
  released_at     timestamptz not null
);
create index share_release_lot on share_release (lot_id);

create function is_append_only() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation';
end $$;
create trigger good_share_append_only before update or delete on good_share for each row execute function is_append_only();
create trigger good_share_no_truncate before truncate on good_share for each statement execute function is_append_only();
create trigger wrong_share_append_only before update or delete on wrong_share for each row execute function is_append_only();
create trigger wrong_share_no_truncate before truncate on wrong_share for each statement execute function is_append_only();
create trigger share_release_append_only before update or delete on share_release for each row execute function is_append_only();

-- An outcome that has been announced stays.
create function outcome_is_final() returns trigger language plpgsql as $$
begin
  if old.stage <> 'Sealed' and (new.stage, new.price, new.schedule, new.verdict, new.cause, new.fact, new.decided_at)
     is distinct from (old.stage, old.price, old.schedule, old.verdict, old.cause, old.fact, old.decided_at) then
    raise exception 'the outcome of a bid is final' using errcode = 'restrict_violation';
  end if;
  return new;
end $$;
create trigger listed_bid_outcome_is_final before update on listed_bid for each row execute function outcome_is_final();

create function record_is_final() returns trigger language plpgsql as $$
begin
  if old.record is not null and (new.record, new.record_hash) is distinct from (old.record, old.record_hash) then
    raise exception 'the opening record is final' using errcode = 'restrict_violation';
  end if;
  return new;
end $$;
create trigger opening_session_record_is_final before update on opening_session for each row execute function record_is_final();

grant select, insert, update on opening_session to "$service$";
grant select, insert on listed_bid, good_share, wrong_share, share_release to "$service$";
grant update (stage, price, schedule, price_key, opened_by, verdict, cause, fact, rule, article, decided_at, files_stage, files_key, files_fact, next_due_at) on listed_bid to "$service$";
