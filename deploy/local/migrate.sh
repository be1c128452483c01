#!/usr/bin/env bash
# Creates what is missing of databases and roles and applies new schema files; the servers are started if need be.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$LOCAL/servers.sh"
. "$LOCAL/system.sh"

lock
[[ -n $(recall apart) ]] || remember apart 0
if [[ ! -f $(program all-in-one) ]]; then build; fi
choose_servers
settle_addresses
settle_programs
write_settings
ensure_servers
migrate
