#!/usr/bin/env bash
# Starts a part of the system again on the same data and waits until it answers: start-one.sh services|rabbit|postgres|NAME.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$LOCAL/servers.sh"
. "$LOCAL/system.sh"

lock
read_settings
case "${1:-}" in
  services)
    mapfile -t parts < <(service_processes)
    start_programs "${parts[@]}"
    ;;
  postgres | rabbit)
    launch_server "$1"
    await_server "$1"
    ;;
  *)
    programs | grep -qx -- "${1:-}" || die "there is no part '${1:-}'" "start-one.sh services|rabbit|postgres|$(programs | paste -sd '|')"
    start_programs "$1"
    ;;
esac
say "started $1"
