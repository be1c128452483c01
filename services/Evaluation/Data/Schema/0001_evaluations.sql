create table lot_evaluation (
  id           uuid primary key,               -- the lot's
  tender_id    uuid not null,
  stage        text not null,
  terms        jsonb,
  opening      jsonb,
  draw_id      uuid,
  started_at   timestamptz,
  report_hash  text,
  sign_by      timestamptz,
  completed_at timestamptz,
  disclosed_at timestamptz,
  next_due_at  timestamptz
);
create index lot_evaluation_due on lot_evaluation (next_due_at) where next_due_at is not null;

create table secured_deposit (
  lot_id     uuid not null,
  bidder_id  uuid not null,
  amount     bigint not null,
  secured_at timestamptz not null,
  primary key (lot_id, bidder_id)
);

create table debarment (
  id                 uuid primary key,
  social_credit_code text not null,
  decision_number    text not null,
  reason             text not null,
  valid_from         timestamptz not null,
  valid_until        timestamptz not null,
  ended_at           timestamptz
);
create index debarment_code on debarment (social_credit_code);

-- Names and employers are encrypted under the master key until the result; a dump of this database names nobody.
create table member (
  lot_id          uuid not null references lot_evaluation,
  seat            int not null,
  person_id       uuid not null,
  signing_key     text not null,
  sealed_identity bytea not null,
  commitment      text not null,
  primary key (lot_id, seat),
  unique (lot_id, person_id)
);

create table confirmation (
  lot_id          uuid not null references lot_evaluation,
  seat            int not null,
  votes           jsonb not null,
  few_bids_reason text,
  confirmed_at    timestamptz not null,
  primary key (lot_id, seat)
);

create table drawn_report (
  lot_id uuid primary key references lot_evaluation,
  text   text not null                          -- canonical JSON, to the byte
);

create table report_answer (
  lot_id    uuid not null references lot_evaluation,
  seat      int not null,
  kind      text not null,
  signature text,
  reason    text,
  at        timestamptz not null,
  primary key (lot_id, seat)
);

create function is_append_only() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation';
end $$;
create trigger member_append_only before update or delete or truncate on member for each statement execute function is_append_only();
create trigger confirmation_append_only before update or delete or truncate on confirmation for each statement execute function is_append_only();
create trigger drawn_report_append_only before update or delete or truncate on drawn_report for each statement execute function is_append_only();
create trigger report_answer_append_only before update or delete or truncate on report_answer for each statement execute function is_append_only();

grant select, insert on secured_deposit, member, confirmation, drawn_report, report_answer to "$service$";
grant select, insert, update on lot_evaluation, debarment to "$service$";
