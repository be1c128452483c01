-- Coefficients that are drawn at the opening, with the values from which they are drawn; null where the documents provide none.
alter table lot add coefficients jsonb;
