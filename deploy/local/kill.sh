#!/usr/bin/env bash
# Kills a part of the running system the hard way: kill.sh services|rabbit|postgres|NAME of one program.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$LOCAL/servers.sh"
. "$LOCAL/system.sh"

case "${1:-}" in
  services) mapfile -t parts < <(service_processes) ;;
  postgres | rabbit) parts=() && kill_server "$1" ;;
  *)
    programs | grep -qx -- "${1:-}" || die "there is no part '${1:-}'" "kill.sh services|rabbit|postgres|$(programs | paste -sd '|')"
    parts=("$1")
    ;;
esac
for part in "${parts[@]}"; do kill_now "$part"; done
say "killed $1"
