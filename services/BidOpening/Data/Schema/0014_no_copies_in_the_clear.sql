-- Opened archives are read from their ciphertext. The copies in the clear that earlier versions left in the storage are deleted when nothing else is to be done.
create table clear_copy (
  bid_id uuid primary key references listed_bid
);
insert into clear_copy select id from listed_bid where files_stage = 'Opened';
update listed_bid set next_due_at = null where files_stage = 'Opened' and next_due_at is not null;
grant select, update, delete on clear_copy to "$service$";
