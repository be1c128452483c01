-- When a lot's deadline was last moved, and until which transaction a submission may still name an upload that was removed.
alter table lot add column moved_at timestamptz;
alter table upload add column fence xid8;
grant update (fence) on upload to "$service$";
