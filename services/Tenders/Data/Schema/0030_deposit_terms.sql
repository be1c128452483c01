-- What the documents say of letters and exemptions in the deposit's place.
alter table tender add deposit_terms jsonb;
