-- A pending transfer may have a time-out; what it was linked to is kept, so that a repeat can be compared in every field.

alter table transfer add column linked boolean not null default false;
alter table transfer add column time_out int not null default 0 check (time_out >= 0);      -- seconds; 0: never
alter table transfer add column expires_at timestamptz;

-- What was booked before says by its chain what it was linked to: all but the last of a chain were.
alter table transfer disable trigger transfer_append_only;
update transfer t set linked = true from (select id, lead(id) over (partition by chain order by position) is not null as linked from transfer) c where c.id = t.id and c.linked;
alter table transfer enable trigger transfer_append_only;

-- The check on kinds, known by what it says: an expiry is a further way for a hold to end.
do $$
declare old name;
begin
  select conname into strict old from pg_constraint where conrelid = 'transfer'::regclass and contype = 'c' and pg_get_constraintdef(oid) like '%CASE kind%';
  execute format('alter table transfer drop constraint %I', old);
end $$;
alter table transfer add constraint transfer_kind check (case kind
  when 'Transfer' then posted = amount and held = 0 and pending_id is null
  when 'Pending'  then posted = 0 and held = amount and pending_id is null
  when 'Post'     then posted = amount and held <= -amount and pending_id is not null
  when 'Void'     then posted = 0 and held = -amount and pending_id is not null
  when 'Expire'   then posted = 0 and held = -amount and pending_id is not null
  else false end);
alter table transfer add constraint transfer_expires check ((time_out > 0) = (expires_at is not null) and (time_out = 0 or kind = 'Pending'));

-- When which hold expires. Not the books: a row goes when its hold has ended.
create table hold_due (
  id          uuid primary key,                  -- the pending transfer
  next_due_at timestamptz not null
);
create index hold_due_next on hold_due (next_due_at);
grant select, insert, update, delete on hold_due to "$service$";
