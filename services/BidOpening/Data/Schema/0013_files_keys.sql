-- An opened bid whose archive's key has not come is due at the custodians' limit: then its bidder is asked, until files_due_by. Openings that are over stay as they were.
alter table listed_bid add files_due_by timestamptz;
update listed_bid set next_due_at = opening_session.shares_due_by from opening_session
  where opening_session.id = listed_bid.lot_id and listed_bid.stage = 'Opened' and listed_bid.files_stage = 'Sealed' and listed_bid.next_due_at is null and opening_session.stage <> 'Completed';
grant update (files_due_by) on listed_bid to "$service$";
