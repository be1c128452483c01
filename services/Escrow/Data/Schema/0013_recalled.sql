-- A batch that was decided by what its instance remembers of the running rows is booked only if they are still so.
create function running_rows_moved_on() returns bigint language plpgsql as $$
begin
  raise exception 'another has booked on these accounts meanwhile: read them again' using errcode = 'serialization_failure';
end $$;

-- Running rows are written all the time: with room beside them a new version needs no new index entry.
alter table balance set (fillfactor = 50);
