grant select, insert, update on note, reminder to "$service$";
grant select, insert on effect to "$service$";
