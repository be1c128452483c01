#!/usr/bin/env bash
# The local system in the foreground: starts it, shows the logs, stops it on Ctrl-C.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$LOCAL/system.sh"

follower=""
finish() {
  trap - EXIT
  [[ -z $follower ]] || kill "$follower" 2> /dev/null || true
  "$LOCAL/stop.sh"
}
trap finish EXIT
trap 'exit 0' INT TERM HUP
"$LOCAL/start.sh"
say "(Ctrl-C stops everything)"
mapfile -t logs < <(programs | sed "s:.*:$RUN/log/&.log:")
tail -n 0 -F "${logs[@]}" 2> /dev/null &
follower=$!
wait
