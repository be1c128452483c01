-- The opening hall: who is present, what is said, who signs, and what all can follow live.

alter table opening_session
  add last_entry     int not null default 0,       -- index of the hall's newest entry
  add reminded       int not null default 0,       -- reminders sent in the time that runs
  add read_out       int not null default 0,       -- bids whose outcome has been read out
  add announced      text,                         -- canonical JSON: the record as it was announced and is signed
  add announced_hash text,
  add announced_at   timestamptz,
  add confirm_by     timestamptz,
  add answers_due_by timestamptz,
  add list_differs   boolean not null default false,
  add vrf_public_key text,
  add coefficients   jsonb,                        -- what was drawn, with all that is needed to draw it again
  add check ((stage in ('Confirming', 'Completed')) <= (announced is not null or record is not null));

alter table listed_bid
  add read_as int,                                 -- when it was read out, from 1
  add unique (lot_id, read_as);

-- Everything that happens in the hall from the start of the opening on, without gaps.
create table hall_entry (
  lot_id uuid not null references opening_session,
  index  int not null check (index > 0),
  kind   text not null,
  body   text not null,
  at     timestamptz not null,
  primary key (lot_id, index)
);

-- Before the start nobody sees who is here.
create table attendance (
  lot_id            uuid not null references opening_session,
  organisation_id   uuid not null,
  party             text not null,
  organisation_name text,                          -- null until the closing list says who bids
  person_id         uuid not null,
  signed_in_at      timestamptz not null,
  primary key (lot_id, organisation_id)
);

create table opening_objection (
  id          uuid primary key,
  lot_id      uuid not null references opening_session,
  number      int not null,
  bidder_id   uuid not null,
  person_id   uuid not null,
  text        text not null,
  raised_at   timestamptz not null,
  answer      text,
  answered_at timestamptz,
  unique (lot_id, number),
  check ((answer is null) = (answered_at is null))
);

create table announcement_signature (
  lot_id          uuid not null references opening_session,
  organisation_id uuid not null,
  person_id       uuid not null,
  way             text not null,
  signature       text,
  signed_at       timestamptz not null,
  primary key (lot_id, organisation_id),
  check ((way = 'certificate') = (signature is not null))
);

-- Local copies of who is who and with what an organisation signs, as identity tells them.
create table organisation (
  id   uuid primary key,
  name text not null
);

create table certificate (
  thumbprint      text primary key,
  organisation_id uuid not null,
  serial_number   text not null,
  issuer_pem      text not null,
  revoked_at      timestamptz
);
create index certificate_serial on certificate (organisation_id, serial_number);

-- The key pair of the random function that draws coefficients; the private scalar is stored protected.
create table vrf_key (
  id           uuid primary key,
  public_key   text not null unique,
  private_key  bytea not null,
  published_at timestamptz not null
);

create trigger hall_entry_append_only before update or delete on hall_entry for each row execute function is_append_only();
create trigger hall_entry_no_truncate before truncate on hall_entry for each statement execute function is_append_only();
create trigger announcement_signature_append_only before update or delete on announcement_signature for each row execute function is_append_only();
create trigger vrf_key_append_only before update or delete on vrf_key for each row execute function is_append_only();

create function answer_is_final() returns trigger language plpgsql as $$
begin
  if old.answer is not null or (new.lot_id, new.number, new.bidder_id, new.text, new.raised_at) is distinct from (old.lot_id, old.number, old.bidder_id, old.text, old.raised_at) then
    raise exception 'an objection and its answer are final' using errcode = 'restrict_violation';
  end if;
  return new;
end $$;
create trigger opening_objection_answer_is_final before update on opening_objection for each row execute function answer_is_final();
create trigger opening_objection_is_kept before delete on opening_objection for each row execute function is_append_only();

create function announcement_is_final() returns trigger language plpgsql as $$
begin
  if old.announced is not null and (new.announced, new.announced_hash) is distinct from (old.announced, old.announced_hash) then
    raise exception 'what was announced is final' using errcode = 'restrict_violation';
  end if;
  return new;
end $$;
create trigger opening_session_announcement_is_final before update on opening_session for each row execute function announcement_is_final();

grant select, insert on hall_entry, attendance, opening_objection, announcement_signature, organisation, certificate, vrf_key to "$service$";
grant update (organisation_name) on attendance to "$service$";
grant update (answer, answered_at) on opening_objection to "$service$";
grant update (revoked_at) on certificate to "$service$";
grant update (read_as) on listed_bid to "$service$";
