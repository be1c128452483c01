-- A custodian's proof that a bidder sealed to it something else than the manifest's hash names. Each is judged before it is kept.
create table share_complaint (
  bid_id          uuid not null references listed_bid,
  part            text not null,
  custodian_index int not null,
  person_id       uuid not null,
  shared_point    text,
  proof           text,
  upheld_at       timestamptz not null,
  primary key (bid_id, part, custodian_index)
);
create trigger share_complaint_append_only before update or delete on share_complaint for each row execute function is_append_only();
create trigger share_complaint_no_truncate before truncate on share_complaint for each statement execute function is_append_only();

grant select, insert on share_complaint to "$service$";
