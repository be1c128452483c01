create table organisation (
  id                 uuid primary key,
  social_credit_code text not null constraint organisation_code_taken unique,
  name               text not null,
  kind               text not null,
  registered_at      timestamptz not null
);

create table basic_account (
  organisation_id uuid primary key references organisation,
  number          text not null,
  name            text not null,
  registered_at   timestamptz not null
);

create table person (
  id                   uuid primary key,
  organisation_id      uuid not null references organisation,
  user_name            text not null,
  normalized_user_name text not null constraint person_user_name_taken unique,
  display_name         text not null,
  password_hash        text not null,
  roles                text[] not null check (cardinality(roles) > 0),
  development          boolean not null,
  security_stamp       text not null,
  concurrency_stamp    text not null,
  opened_at            timestamptz not null,
  check (not 'operator' = any (roles) or cardinality(roles) = 1),
  check (not 'bidder' = any (roles) or cardinality(roles) = 1),
  check (not 'bank' = any (roles))
);
create index person_organisation on person (organisation_id);

create table session (
  secret_hash  bytea primary key,             -- SHA-256: the table opens no session
  person_id    uuid not null references person,
  opened_at    timestamptz not null,
  last_used_at timestamptz not null,
  ended_at     timestamptz
);
create index session_opened_at on session (opened_at);

-- Failed sign-ins by name, whether the name exists or not; the hash, since people type passwords into the wrong field.
create table sign_in_guard (
  name_hash    bytea primary key,
  attempts     int not null,
  locked_until timestamptz,
  last_at      timestamptz not null
);
create index sign_in_guard_last_at on sign_in_guard (last_at);

create table certificate (
  serial_number     text primary key,
  organisation_id   uuid not null references organisation,
  certificate_pem   text not null,
  issuer_pem        text not null,
  not_before        timestamptz not null,
  not_after         timestamptz not null,
  revoked_at        timestamptz,
  revocation_reason text
);
create index certificate_organisation on certificate (organisation_id);

create function certificate_stays_revoked() returns trigger language plpgsql as $$
begin
  if old.revoked_at is not null then
    raise exception 'a revoked certificate stays revoked' using errcode = 'restrict_violation';
  end if;
  return new;
end $$;
create trigger certificate_stays_revoked before update on certificate for each row execute function certificate_stays_revoked();

create table certificate_root (
  id              uuid primary key,
  certificate_pem text not null,
  protected_key   bytea not null,             -- under the master key, which no database holds
  not_after       timestamptz not null
);

create table signing_key (
  id            text primary key,
  protected_key bytea not null,
  made_at       timestamptz not null,
  retired_at    timestamptz
);

grant select, insert on organisation, basic_account, person, certificate, certificate_root, session, sign_in_guard, signing_key to "$service$";
grant update (password_hash, security_stamp, concurrency_stamp) on person to "$service$";
grant update (revoked_at, revocation_reason) on certificate to "$service$";
grant update (last_used_at, ended_at), delete on session to "$service$";
grant update, delete on sign_in_guard to "$service$";
grant update (retired_at) on signing_key to "$service$";
