#!/usr/bin/env bash
# Measures the ledger against private servers, without the rest of the system; commits are as in production.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$LOCAL/servers.sh"
. "$LOCAL/system.sh"

file="$(program Benchmarks)"
[[ -f $file ]] || die "$file is missing" "make build"
lock
remember apart 0
choose_servers
settle_addresses
ensure_servers 9>&-
exec 9>&-
TENDERING_POSTGRES="$POSTGRES_URL" TENDERING_RABBIT="$RABBIT_URL" exec dotnet "$file" ledger
