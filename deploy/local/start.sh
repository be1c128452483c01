#!/usr/bin/env bash
# Starts what is missing of the local system and says READY. APART=1: one process a service.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$LOCAL/servers.sh"
. "$LOCAL/system.sh"

lock
apart=$([[ ${APART:-} == 1 ]] && echo 1 || echo 0)
mapfile -t running < <(running_programs)
# The other mode's processes would answer on the same queues; a build would pull the files from under running programs.
if [[ $(recall apart) != "$apart" ]]; then
  stop_programs "${running[@]}"
  remember apart "$apart"
elif needs_build; then
  stop_programs "${running[@]}"
fi
if needs_build; then build; fi

begun="$(date +%s.%N)"
choose_servers
settle_addresses
settle_programs
write_settings
ensure_servers

mapfile -t wanted < <(programs)
missing=()
for name in "${wanted[@]}"; do is_current "$name" || missing+=("$name"); done
if ((${#missing[@]} > 0)); then
  migrate
  start_programs "${wanted[@]}"
  remember ready_seconds "$(awk -v a="$begun" -v b="$(date +%s.%N)" 'BEGIN { printf "%.1f", b - a }')"
fi
say "READY $(address_of gateway)"
