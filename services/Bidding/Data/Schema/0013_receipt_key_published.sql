-- That the key which checks receipts was told to everyone, once.
create table receipt_key_published (
  one          boolean primary key default true check (one),
  published_at timestamptz not null
);
create trigger receipt_key_published_append_only before update or delete on receipt_key_published for each row execute function is_append_only();
grant select, insert on receipt_key_published to "$service$";
