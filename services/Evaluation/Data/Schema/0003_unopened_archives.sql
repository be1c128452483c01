-- Bid-opening's word that a bid's archive stays closed or is unfit. Late: the evaluation was over, and nothing of it changes.
create table unopened_archive (
  lot_id     uuid not null references lot_evaluation,
  bid_id     uuid not null,
  verdict    text not null,
  cause      text not null,
  fact       text not null,
  rule       text not null,
  article    text not null,
  decided_at timestamptz not null,
  is_late    boolean not null,
  primary key (lot_id, bid_id)
);
create trigger unopened_archive_append_only before update or delete or truncate on unopened_archive for each statement execute function is_append_only();
grant select, insert on unopened_archive to "$service$";

-- Such a bid drops out of a report that is drawn and not complete: what was confirmed, drawn and answered stays as it was, and a new round begins.
alter table lot_evaluation add round int not null default 1;
alter table confirmation add round int not null default 1, drop constraint confirmation_pkey, add primary key (lot_id, round, seat);
alter table drawn_report add round int not null default 1, drop constraint drawn_report_pkey, add primary key (lot_id, round);
alter table report_answer add round int not null default 1, drop constraint report_answer_pkey, add primary key (lot_id, round, seat);
