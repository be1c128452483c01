#!/usr/bin/env bash
# Shows what runs, where, how old, how large and how busy it is.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$LOCAL/servers.sh"
. "$LOCAL/system.sh"

MEMORY_MIB_TARGET=1536
CPU_PERCENT_TARGET=5
SAMPLE_SECONDS=5

[[ -f $RUN/env ]] || die "nothing has been started in $RUN yet" "make start"
read_settings

mib_of() { # PID...: proportional set size, so that memory shared between processes counts once
  local pid
  for pid in "$@"; do cat "/proc/$pid/smaps_rollup" 2> /dev/null || true; done | awk '/^Pss:/ { kib += $2 } END { printf "%.0f", kib / 1024 }'
}
ticks_of() { # PID...
  local pid
  for pid in "$@"; do cat "/proc/$pid/stat" 2> /dev/null || true; done | awk '{ sub(/.*\) /, ""); ticks += $12 + $13 } END { print ticks + 0 }'
}
root_of() { pid_of "$1" || { [[ $(kind_of "$1") != docker ]] || compose_pid "$1"; } || true; }
where_of() {
  case "$1" in
    postgres) printf '%s:%s' "$(connection_part "$POSTGRES_URL" 'host|server')" "$(connection_part "$POSTGRES_URL" port)" ;;
    rabbit) printf '%s' "${RABBIT_URL##*@}" ;;
    epmd) printf '127.0.0.1:%s' "$(recall port_epmd)" ;;
    *) address_of "$1" ;;
  esac
}
state_of() {
  case "$1" in
    postgres | rabbit) if "$1_answers"; then echo "answers ($(kind_of "$1"))"; else echo "down ($(kind_of "$1"))"; fi ;;
    epmd) if is_up epmd; then echo runs; else echo down; fi ;;
    *) if ! is_up "$1"; then echo down; elif is_ready "$1"; then echo ready; else echo "not ready"; fi ;;
  esac
}

mapfile -t names < <(printf 'postgres\nrabbit\n' && if [[ $(kind_of rabbit) == private ]]; then echo epmd; fi && programs)
declare -A family before
for name in "${names[@]}"; do
  root="$(root_of "$name")"
  family[$name]="$([[ -z $root ]] || tree "$root" | paste -sd ' ')"
  # shellcheck disable=SC2086 # a list of numbers
  before[$name]="$(ticks_of ${family[$name]})"
done
from="$(date +%s%N)"
sleep $SAMPLE_SECONDS
elapsed=$(($(date +%s%N) - from))
per_second="$(getconf CLK_TCK)"

printf '%-18s %-20s %8s %-28s %9s %7s\n' part state pid address MiB 'CPU %'
total_mib=0
total_ticks=0
for name in "${names[@]}"; do
  pids="${family[$name]}"
  # shellcheck disable=SC2086
  mib="$(mib_of $pids)"
  # shellcheck disable=SC2086
  ticks=$(($(ticks_of $pids) - ${before[$name]}))
  ((ticks >= 0)) || ticks=0
  total_mib=$((total_mib + mib))
  total_ticks=$((total_ticks + ticks))
  printf '%-18s %-20s %8s %-28s %9s %7s\n' "$name" "$(state_of "$name")" "${pids%% *}" "$(where_of "$name")" "$mib" \
    "$(awk -v t="$ticks" -v s="$elapsed" -v hz="$per_second" 'BEGIN { printf "%.1f", 100 * t / hz / (s / 1e9) }')"
done
cpu="$(awk -v t=$total_ticks -v s=$elapsed -v hz="$per_second" 'BEGIN { printf "%.1f", 100 * t / hz / (s / 1e9) }')"
say ""
say "memory         $total_mib MiB resident (shared pages counted once) of the target $MEMORY_MIB_TARGET MiB"
say "CPU            $cpu % of one core over $SAMPLE_SECONDS s (target when idle: $CPU_PERCENT_TARGET %)"
say "time to ready  $(recall ready_seconds || true) s at the last start, without the build"
say "clock          $(recall clock_mode)"
say "mode           $(if is_apart; then echo "one process a service"; else echo "all in one process"; fi), $ASPNETCORE_ENVIRONMENT"
bin="$(postgres_programs)" || bin=""
script="$(rabbit_program)" || script=""
# shellcheck disable=SC2153 # from lib.sh
say "versions       Tendering $(sed -n 's:.*<Version>\(.*\)</Version>.*:\1:p' "$ROOT/Directory.Build.props") $(git -C "$ROOT" describe --always --dirty 2> /dev/null || true), .NET $(dotnet --version)$(
  [[ $(kind_of postgres) != private || -z $bin ]] || printf ', PostgreSQL %s' "$("$bin/postgres" --version | awk '{ print $3 }')"
  [[ $(kind_of rabbit) != private || -z $script ]] || sed -E 's:.*/rabbitmq_server-([^/]*)/.*:, RabbitMQ \1:' <<< "$script"
)"
say "settings       $RUN/env"
