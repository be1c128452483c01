-- A deposit that may be kept is held until somebody has decided; the decision that it is not kept.
alter table sub_account add waived_at timestamptz, add waiver_number text, add waiver_hash text,
  add check ((waived_at is null) = (waiver_number is null) and (waived_at is null) = (waiver_hash is null));

-- One paper secures one bid. That another bidder has presented it too is found when it is verified: who presents one learns nothing of others.
drop index guarantee_letter_once;
create unique index guarantee_letter_once on guarantee_letter (issuer_code, number) where stage in ('Verified', 'Claimed', 'Paid');
create index guarantee_letter_paper on guarantee_letter (issuer_code, number);
