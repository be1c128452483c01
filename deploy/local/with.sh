#!/usr/bin/env bash
# Runs one of our programs with the settings of the running system: with.sh Replay demo.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$LOCAL/system.sh"

read_settings
file="$(program "$1")"
[[ -f $file ]] || die "$file is missing" "make build"
shift
exec dotnet "$file" "$@"
