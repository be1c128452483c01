-- The audit log over the record: a Merkle log in the form of C2SP tlog-tiles (docs/formats/log-entries.md).
create index event_id on event (id);

create table log_key (
  id          uuid primary key,
  public_key  text not null,                  -- SubjectPublicKeyInfo in base64
  private_key bytea not null,                 -- PKCS#8, protected
  created_at  timestamptz not null
);
create unique index log_key_one on log_key ((true));

-- How far the log is. 'checkpoint' is signed by the log alone; 'published' carries the cosignatures that the policy asks for.
create table log_head (
  one            boolean primary key default true check (one),
  size           bigint not null check (size >= 0),
  events         bigint not null check (events >= 0),                  -- events of the record that the log covers
  checkpoint     text not null,
  published_size bigint check (published_size <= size),
  published      text
);

-- One turn of the sequencer that took events: those from 'first_event' on became leaves from 'first_leaf' on. Turns without events leave no row.
create table log_turn (
  first_event bigint primary key check (first_event > 0),
  events      int not null check (events > 0),
  first_leaf  bigint not null unique,
  secret      int[] not null,                 -- which of the events are secret, counted from 0, ascending
  places      bytea not null,                 -- for each of these, place (4 bytes) and item (32 bytes) in the tree of secrets
  seed        bytea not null check (length(seed) = 32)                 -- what salts and empty subtrees are made from
);

-- The entries in a row, never across the end of a bundle of 256, and their leaf hashes.
create table log_entries (
  first  bigint primary key check (first >= 0),
  count  int not null check (count between 1 and 256 and first % 256 + count <= 256),
  packed boolean not null,                    -- gzip
  bundle bytea not null,
  hashes bytea not null check (length(hashes) = 32 * count)
);
alter table log_entries alter bundle set storage external, alter hashes set storage external;

-- Tiles above level 0, each time they grew; those of level 0 are the hashes of log_entries.
create table log_tile (
  level  int not null check (level > 0),
  index  bigint not null,
  width  int not null check (width between 1 and 256),
  hashes bytea not null check (length(hashes) = 32 * width),
  primary key (level, index, width)
);

create table log_witness (
  name          text primary key,
  size          bigint not null,              -- of the checkpoint that it cosigned last
  cosigned_at   timestamptz,
  failing_since timestamptz,                  -- by the database's clock
  failure       text,
  alarm         text                          -- what was raised and has not passed
);

create table log_timestamp (
  made_at    timestamptz primary key,         -- what the authority says
  size       bigint not null,
  checkpoint text not null,
  token      bytea not null
);

-- Secrets that wait for their moment, and the moments that came for a lot.
create table secret (
  index     bigint primary key,
  tender_id uuid not null,
  lot_id    uuid not null,
  until     text not null
);
create index secret_lot on secret (lot_id, until);
create table moment (
  lot_id uuid not null,
  until  text not null,
  index  bigint not null,    -- the event that brought it
  primary key (lot_id, until)
);
create table disclosed (
  index bigint primary key
);

-- Which event a bid's receipt speaks of.
create table submission (
  bid_id uuid primary key,
  index  bigint not null
);

create trigger log_turn_append_only before update or delete on log_turn for each row execute function record_is_append_only();
create trigger log_turn_no_truncate before truncate on log_turn for each statement execute function record_is_append_only();
create trigger log_entries_append_only before update or delete on log_entries for each row execute function record_is_append_only();
create trigger log_entries_no_truncate before truncate on log_entries for each statement execute function record_is_append_only();
create trigger log_tile_append_only before update or delete on log_tile for each row execute function record_is_append_only();
create trigger log_tile_no_truncate before truncate on log_tile for each statement execute function record_is_append_only();
create trigger log_timestamp_append_only before update or delete on log_timestamp for each row execute function record_is_append_only();
create trigger log_timestamp_no_truncate before truncate on log_timestamp for each statement execute function record_is_append_only();
create trigger disclosed_append_only before update or delete on disclosed for each row execute function record_is_append_only();
create trigger disclosed_no_truncate before truncate on disclosed for each statement execute function record_is_append_only();

grant select, insert on log_key, log_turn, log_entries, log_tile, log_timestamp, moment, submission, disclosed to "$service$";
grant select, insert, update on log_head, log_witness to "$service$";
grant select, insert, update, delete on secret to "$service$";

-- What is searched, filled behind the record: one row an event, with what its texts are made of.
create table search (
  index       bigint primary key,
  source      text not null,
  type        text not null,
  tender_id   uuid,
  person_id   uuid,
  occurred_at timestamptz not null,
  grams       int[] not null
);
create index search_grams on search using gin (grams);
create index search_tender on search (tender_id, index) where tender_id is not null;
create index search_person on search (person_id, index) where person_id is not null;
create index search_type on search (type, index);
create index search_source on search (source, index);
create index search_occurred_at on search (occurred_at);
grant select, insert on search to "$service$";
