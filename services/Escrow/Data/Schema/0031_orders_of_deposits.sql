-- The books are checked order by deposit: without this the check of ten thousand refunds takes longer than anybody waits.
create index payment_order_deposit on payment_order (deposit_id) where deposit_id is not null;
