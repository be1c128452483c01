#!/usr/bin/env bash
# Measures the last half minute before a deadline, uploads, the opening and a soak against the running system. nginx, beside which uploads are measured, is installed if it may be.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$LOCAL/servers.sh"

make_folders
if ! PATH="$PATH:/usr/sbin:/usr/local/sbin" command -v nginx > /dev/null; then
  (install_packages nginx-light) || warn "without nginx the line RATIO upload_per_nginx is left out"
fi
exec "$LOCAL/with.sh" Benchmarks rush "${RUSH_BIDDERS:-2000}" "${SOAK_SECONDS:-30}"
