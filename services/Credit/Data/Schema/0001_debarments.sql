create table enterprise (
  id                 uuid primary key,
  social_credit_code text not null unique,
  name               text not null,
  registered_at      timestamptz not null
);

create table debarment (
  id                 uuid primary key,
  social_credit_code text not null,
  enterprise_name    text not null,
  reason             text not null,
  decision_number    text not null,
  article            text not null,
  valid_from         timestamptz not null,
  valid_until        timestamptz not null check (valid_until > valid_from),
  stage              text not null,
  ended_at           timestamptz,
  end_reason         text,
  decided_by         uuid not null,
  next_due_at        timestamptz
);
create index debarment_due on debarment (next_due_at) where next_due_at is not null;
create index debarment_code on debarment (social_credit_code);

grant select, insert, update on enterprise, debarment to "$service$";
