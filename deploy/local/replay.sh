#!/usr/bin/env bash
# replay.sh FILE [LIMIT] [PARALLEL] [URL]: empty means not given. Without URL, against the local system, started if need be.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$LOCAL/system.sh"

options=(replay "$1")
[[ -z ${2:-} ]] || options+=(--limit "$2")
[[ -z ${3:-} ]] || options+=(--parallel "$3")
[[ -f $1 ]] || die "there is no file $1" "name an existing trace"
if [[ -n ${4:-} ]]; then
  options+=(--url "$4")
  [[ -f $(program Replay) ]] || "$LOCAL/build.sh"
  exec dotnet "$(program Replay)" "${options[@]}"
fi
"$LOCAL/start.sh"
exec "$LOCAL/with.sh" Replay "${options[@]}"
