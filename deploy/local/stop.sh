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
  # Our own folder only, wherever the record points.
  [[ $folder != /var/tmp/tendering-postgres.???????? ]] || rm -rf "$folder"
  rm -rf "$RUN"
  say "stopped, and $RUN deleted"
else
  say "stopped"
fi
