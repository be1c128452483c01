#!/usr/bin/env bash
# Measures one part (bench-part.sh ledger, log) against servers of its own, without the rest of the system; they write to disk as in earnest and end with the run.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
export TENDERING_RUN="$ROOT/.run/bench"
RUN="$TENDERING_RUN"
. "$LOCAL/servers.sh"
. "$LOCAL/system.sh"

finish() {
  local status=$?
  trap - EXIT
  stop_servers > /dev/null 2>&1 || true
  exit $status
}

lock
remember apart 0
file="$(program Benchmarks)"
[[ -f $file ]] || die "$file is missing" "make build"
trap finish EXIT
choose_servers
settle_addresses
ensure_servers
TENDERING_POSTGRES="$POSTGRES_URL" TENDERING_RABBIT="$RABBIT_URL" dotnet "$file" "$1" 9>&-
