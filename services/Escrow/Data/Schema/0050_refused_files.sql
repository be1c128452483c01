-- Files of the bank's folder that were set aside, with the reason: finance looks here, and not into the folder.
create table refused_bank_file (
  sequence   bigint generated always as identity primary key,
  name       text not null,
  hash       text not null,                      -- SHA-256, hexadecimal; where it could not be taken, the time of its last change
  code       text not null,
  reason     text not null,
  refused_at timestamptz not null,
  unique (name, hash, code)
);
create trigger refused_bank_file_append_only before update or delete on refused_bank_file for each row execute function books_are_append_only();
create trigger refused_bank_file_no_truncate before truncate on refused_bank_file for each statement execute function books_are_append_only();
grant select, insert on refused_bank_file to "$service$";
