-- Leans on 0001: files applied in another order fail.
create table reminder (
  id          uuid primary key references note,
  next_due_at timestamptz,
  due_count   int not null default 0
);
create table effect (
  id       bigint generated always as identity primary key,
  event_id uuid not null,
  tender_id uuid,
  number   int not null
);
