-- The relay numbers every event: what may not change is compared as it lies in the row, not written out as JSON twice.

create or replace function outbox_is_append_only() returns trigger language plpgsql as $$
declare
  numbered outbox;
begin
  if tg_op = 'UPDATE' and old.sequence is null and new.sequence is not null then
    numbered := old;
    numbered.sequence := new.sequence;
    if numbered *= new then
      return new;
    end if;
  end if;
  raise exception 'events are append-only' using errcode = 'restrict_violation';
end $$;
