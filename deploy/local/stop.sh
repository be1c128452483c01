#!/usr/bin/env bash
# Ends what start.sh started, programs first. --delete also deletes the data.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$LOCAL/servers.sh"
. "$LOCAL/system.sh"

if [[ ! -d $RUN ]]; then
  say "nothing runs"
  exit 0
fi
lock
mapfile -t running < <(running_programs)
stop_programs "${running[@]}"
stop_servers

if [[ ${1:-} == --delete ]]; then
  [[ $(kind_of postgres) != docker && $(kind_of rabbit) != docker ]] || compose down -v
  folder="$(recall folder_postgres)" || true
  # Only what is ours: a copied checkout points to the original's data.
  if [[ $folder == /var/tmp/tendering-postgres.???????? && $(cat "$folder/run" 2> /dev/null) == "$RUN" ]]; then rm -rf "$folder"; fi
  rm -rf "$RUN"
  say "stopped, and $RUN deleted"
else
  say "stopped"
fi
