-- Uploads by tus: they end where they like, are held by one writer at a time, and are given up when nobody goes on with them.

alter table upload
  add column holder      uuid,                 -- who writes at the moment
  add column held_until  timestamptz,          -- by the database's own clock
  add column removed_at  timestamptz,
  add column next_due_at timestamptz;
create index upload_due on upload (next_due_at) where next_due_at is not null;
grant update (holder, held_until, removed_at, next_due_at) on upload to "$service$";

-- Hashes of blocks stay as they are while the upload is there, and go with it.
drop trigger upload_block_append_only on upload_block;
create function upload_block_goes_with_its_upload() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' and exists (select 1 from upload where id = old.upload_id and removed_at is not null) then
    return old;
  end if;
  raise exception 'upload_block is append-only' using errcode = 'restrict_violation';
end $$;
create trigger upload_block_kept before update or delete on upload_block for each row execute function upload_block_goes_with_its_upload();
create trigger upload_block_no_truncate before truncate on upload_block for each statement execute function is_append_only();
grant delete on upload_block to "$service$";

-- Uploads begun before now are looked at once.
update upload set next_due_at = created_at + interval '24 hours';

-- With the certificate itself its path can be built before a bid comes.
alter table certificate add column der bytea;
