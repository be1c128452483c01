-- A deposit that was released before the evaluation no longer secures a bid.
grant delete on secured_deposit to "$service$";
