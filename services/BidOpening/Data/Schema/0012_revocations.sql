-- Revocations are kept apart from certificates: either may be heard first.
create table revocation (
  organisation_id uuid not null,
  serial_number   text not null,               -- upper case, no leading zeros
  revoked_at      timestamptz not null,
  primary key (organisation_id, serial_number)
);
insert into revocation select organisation_id, upper(ltrim(serial_number, '0')), min(revoked_at) from certificate where revoked_at is not null group by 1, 2;
drop index certificate_serial;
alter table certificate drop column revoked_at, drop column serial_number;
create index certificate_organisation on certificate (organisation_id);

grant select, insert on revocation to "$service$";
