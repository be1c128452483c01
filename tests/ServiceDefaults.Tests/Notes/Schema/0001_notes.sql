create table note (
  id          uuid primary key,
  tender_id   uuid,
  text        text not null,
  taken_at    timestamptz not null,
  next_due_at timestamptz,
  due_count   int not null default 0
);
