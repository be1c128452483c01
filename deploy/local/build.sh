#!/usr/bin/env bash
# Builds everything. Running programs are stopped first: a build would pull the files from under them.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$LOCAL/system.sh"

lock
mapfile -t running < <(running_programs)
stop_programs "${running[@]}"
build
