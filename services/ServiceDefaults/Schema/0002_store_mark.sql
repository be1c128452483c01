-- The mark by which a service knows its storage again; one row once the service has used it.
create table store_mark (
  only_one boolean primary key default true check (only_one),
  mark     uuid not null
);
grant select, insert on store_mark to "$service$";
