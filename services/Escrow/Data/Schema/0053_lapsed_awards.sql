-- Whose award lapsed unsigned stays known when another is named: its deposit may be kept, and is held until somebody has decided.
alter table lot add noticed_at timestamptz;
alter table sub_account add award_lapsed_at timestamptz, add award_noticed_at timestamptz, add contract_due_by timestamptz,
  add check ((award_lapsed_at is null) = (contract_due_by is null) and (award_noticed_at is null or award_lapsed_at is not null));
