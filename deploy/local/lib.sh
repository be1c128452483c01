# shellcheck shell=bash
# What the scripts of the local run share: folders, messages, bounded waits, free ports, remembered values, processes.
set -euo pipefail

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
# shellcheck disable=SC2034 # for those who include this
LOCAL="$ROOT/deploy/local"
# Everything that a run makes lies here. Another folder is another system beside the first.
RUN="${TENDERING_RUN:-$ROOT/.run}"
[[ $RUN == /* ]] || RUN="$PWD/$RUN"
# For programs that call the scripts back.
export TENDERING_RUN="$RUN" TENDERING_ROOT="$ROOT"

say() { printf '%s\n' "$*"; }
warn() { printf '%s\n' "$*" >&2; }

die() {
  warn "error: $1"
  [[ $# -lt 2 ]] || warn "next:  $2"
  exit 1
}

# fail_with_log WHAT NAME NEXT: a failure that shows the end of its culprit's log.
fail_with_log() {
  local log="$RUN/log/$2.log"
  if [[ -s $log ]]; then
    warn "--- last 30 lines of $log"
    tail -n 30 "$log" | cut -c 1-400 >&2
    warn "---"
  fi
  die "$1" "$3"
}

make_folders() {
  mkdir -p "$RUN" "$RUN/log" "$RUN/pid" "$RUN/storage" "$RUN/bank"
  # The database server runs as another user when we are root, and must be able to pass through.
  chmod 711 "$RUN"
  chmod 700 "$RUN/log" "$RUN/pid" "$RUN/storage" "$RUN/bank"
}

# One script at a time changes a run; children give the lock up (see launch).
lock() {
  make_folders
  exec 9> "$RUN/lock"
  flock -n 9 && return
  say "waiting for another make that works on $RUN"
  flock -w 600 9 || die "another make has held $RUN/lock for 10 minutes" "end it, then try again"
}

# --- remembered values: ports, passwords and keys live as long as the data they belong to.

recall() { [[ -f $RUN/state ]] && sed -n "s/^$1=//p" "$RUN/state"; }

remember() {
  local kept=""
  [[ ! -f $RUN/state ]] || kept="$(grep -v "^$1=" "$RUN/state" || true)"
  (umask 077 && printf '%s\n%s=%s\n' "$kept" "$1" "$2" | sed '/^$/d' > "$RUN/state.new")
  mv "$RUN/state.new" "$RUN/state"
}

random_hex() { od -An -N "$1" -tx1 /dev/urandom | tr -d ' \n'; }

# secret NAME: a random password, made once.
secret() {
  local value
  value="$(recall "$1")" || true
  if [[ -z $value ]]; then
    value="$(random_hex 20)"
    remember "$1" "$value"
  fi
  printf '%s' "$value"
}

# --- ports

port_is_open() { (exec 3<> "/dev/tcp/127.0.0.1/$1") 2> /dev/null; }

# Below the range from which the kernel takes ports for outgoing connections.
free_port() {
  local port tries
  for ((tries = 0; tries < 200; tries++)); do
    port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
    if ! port_is_open "$port" && ! grep -qs "^port_.*=$port\$" "$RUN/state"; then
      printf '%s' "$port"
      return
    fi
  done
  die "no free port found between 20000 and 32000" "see what listens there"
}

# settle_port NAME [WISH]: keeps the port of last time unless a stranger took it meanwhile.
settle_port() {
  local name=$1 wish=${2:-} port
  port="$(recall "port_$name")" || true
  if [[ -n $port ]] && { is_up "$name" || ! port_is_open "$port"; }; then return; fi
  if [[ -n $wish ]] && ! port_is_open "$wish"; then port=$wish; else port="$(free_port)"; fi
  remember "port_$name" "$port"
}

# --- processes: a record holds pid, start time, and boot id with folder, so that neither a stranger with a pid used again nor the
# original of a copied folder is taken for ours.

here() { printf '%s/%s' "$(< /proc/sys/kernel/random/boot_id)" "$(cksum <<< "$RUN" | cut -d ' ' -f 1)"; }

# The start time in clock ticks since boot; nothing for a process that is gone or a zombie.
start_time() {
  local stat
  { stat="$(< "/proc/$1/stat")"; } 2> /dev/null || return 0
  stat="${stat##*) }"
  # shellcheck disable=SC2086 # the fields after the program's name, split
  set -- $stat
  [[ $1 == Z || $1 == X ]] || printf '%s' "${20}"
}

# record NAME PID [MARK]
record() { printf '%s %s %s %s\n' "$2" "$(start_time "$2")" "$(here)" "${3:-}" > "$RUN/pid/$1"; }

# Prints the pid if the recorded process still runs.
pid_of() {
  local pid started place
  [[ -f $RUN/pid/$1 ]] || return 1
  read -r pid started place _ < "$RUN/pid/$1" || return 1
  [[ -n $started && $place == "$(here)" && $(start_time "$pid") == "$started" ]] && printf '%s' "$pid"
}

is_up() { pid_of "$1" > /dev/null; }
mark_of() { awk '{ print $4 }' "$RUN/pid/$1" 2> /dev/null; }

# tree PID...: these processes and all below them, roots first. PostgreSQL's children leave the process group, so groups do not do.
tree() {
  cat /proc/[0-9]*/stat 2> /dev/null | awk -v roots="$*" '
    { pid = $1; sub(/.*\) /, ""); split($0, f, " "); children[f[2]] = children[f[2]] " " pid }
    function walk(pid,   list, n, i) { print pid; n = split(children[pid], list, " "); for (i = 1; i <= n; i++) walk(list[i]) }
    END { n = split(roots, r, " "); for (i = 1; i <= n; i++) walk(r[i]) }' || true
}

# launch NAME FOLDER MARK COMMAND...: in the background, in a session of its own, so that Ctrl-C on us does not reach it.
launch() {
  local name=$1 folder=$2 mark=$3 log="$RUN/log/$1.log"
  shift 3
  [[ ! -f $log ]] || mv "$log" "$log.1"
  (umask 077 && : > "$log")
  (cd "$folder" && exec 9>&- && exec setsid "$@" >> "$log" 2>&1 < /dev/null) &
  record "$name" $! "$mark"
  disown
}

# kill_now NAME: SIGKILL to the process and all below it; returns when they are gone.
kill_now() {
  local pid family=() started=() i end=$((SECONDS + 20))
  pid="$(pid_of "$1")" || { rm -f "$RUN/pid/$1"; return 0; }
  mapfile -t family < <(tree "$pid")
  for i in "${!family[@]}"; do started[i]="$(start_time "${family[i]}")"; done
  kill -KILL "${family[@]}" 2> /dev/null || true
  for i in "${!family[@]}"; do
    while [[ -n ${started[i]} && $(start_time "${family[i]}") == "${started[i]}" ]]; do
      ((SECONDS < end)) || die "process ${family[i]} of $1 does not end on SIGKILL" "look at it: cat /proc/${family[i]}/status"
      sleep 0.05
    done
  done
  rm -f "$RUN/pid/$1"
}

# ask_to_stop NAME SIGNAL; then await_stop NAME SECONDS: gracefully, and by SIGKILL when that takes too long.
ask_to_stop() {
  local pid
  if pid="$(pid_of "$1")"; then
    say "stopping $1"
    kill "-$2" "$pid" 2> /dev/null || true
  fi
}

await_stop() {
  local name=$1 limit=$2 start=$SECONDS shown=3
  is_up "$name" || { rm -f "$RUN/pid/$name"; return 0; }
  while is_up "$name"; do
    if ((SECONDS - start >= limit)); then
      say "  $name has not ended in $limit s: SIGKILL"
      break
    fi
    if ((SECONDS - start >= shown)); then
      say "  $name is finishing its work (${shown} s of at most $limit s)"
      shown=$((shown + 3))
    fi
    sleep 0.1
  done
  kill_now "$name"
}

# wait_until WHAT SECONDS NAME TEST...: polls TEST; gives up at once when the process NAME (if it is ours) has died.
wait_until() {
  local what=$1 limit=$2 name=$3 start=$SECONDS shown=3
  shift 3
  until "$@"; do
    if [[ -f $RUN/pid/$name ]] && ! is_up "$name"; then
      fail_with_log "$name ended before $what" "$name" "the log above says why; full log: $RUN/log/$name.log"
    fi
    if ((SECONDS - start >= limit)); then
      fail_with_log "no sign within $limit s of: $what" "$name" "look into $RUN/log/$name.log; 'make stop' and 'make start' try again"
    fi
    if ((SECONDS - start >= shown)); then
      say "  waiting: $what ($((SECONDS - start)) s of at most $limit s)"
      shown=$((SECONDS - start + 3))
    fi
    sleep 0.2
  done
}

# http_ok PORT PATH: without curl, which a bare machine may not have.
http_ok() {
  # shellcheck disable=SC2016 # expanded by the inner shell
  timeout 3 bash -c 'exec 3<> "/dev/tcp/127.0.0.1/$1" &&
    printf "GET %s HTTP/1.0\r\nHost: 127.0.0.1:%s\r\n\r\n" "$2" "$1" >&3 &&
    read -r _ code _ <&3 && [[ $code == 200 ]]' _ "$1" "$2" 2> /dev/null
}
