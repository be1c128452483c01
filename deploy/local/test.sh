#!/usr/bin/env bash
# Builds, runs every test project below tests/ against servers of its own, and ends with the sum in one line.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
RUN="$ROOT/.run/test"
export TENDERING_RUN="$RUN"
. "$LOCAL/servers.sh"
. "$LOCAL/system.sh"

SUITE_SECONDS_MAX=900
RESULTS="$RUN/results"

# run_suite NAME COMMAND...: its output and summary are shown when it ends; "passed failed skipped" goes to a file for the sum.
# Understood are the summaries of xunit, of the testing platform, of vitest and of node's own runner. A crash, a hang or a suite
# without tests is a failure.
run_suite() {
  local name=$1 log="$RUN/log/$1.log" begun=$SECONDS status=0 passed failed skipped
  shift
  timeout -k 10 $SUITE_SECONDS_MAX "$@" > "$log" 2>&1 < /dev/null 9>&- || status=$?
  read -r passed failed skipped < <(sed 's/\x1b\[[0-9;]*m//g' "$log" | awk -v status=$status '
    # vitest: "Tests  1 failed | 7 passed | 2 skipped (10)", and "Errors  1 error" for what no test caught
    /^ *Tests  +[0-9]/ { for (i = 2; i < NF; i++) { n = $i + 0; if ($(i + 1) ~ /^(passed|failed|skipped|todo)$/) t += n; if ($(i + 1) == "failed") f += n; if ($(i + 1) ~ /^(skipped|todo)$/) s += n } }
    /^ *Errors  +[0-9]+ error/ { e += $2; t += $2 }
    # node: "# pass 7", or with the other reporter "ℹ pass 7"
    /^(#|ℹ) tests [0-9]+$/ { t += $3 } /^(#|ℹ) (fail|cancelled) [0-9]+$/ { f += $3 } /^(#|ℹ) (skipped|todo) [0-9]+$/ { s += $3 }
    /TEST EXECUTION SUMMARY|^Test run summary/ { summary = 1 }
    !summary { next }
    /Total: [0-9]+/ { for (i = 1; i < NF; i++) { n = $(i + 1) + 0; if ($i == "Total:") t = n; if ($i == "Errors:") e = n; if ($i == "Failed:") f = n; if ($i == "Skipped:") s = n; if ($i == "Run:") r = n } }
    /^ *total: [0-9]+/ { t = $2 } /^ *failed: [0-9]+/ { f = $2 } /^ *skipped: [0-9]+/ { s = $2 }
    END { f += e; p = t - f - s - r; if (f == 0 && (status != 0 || p + s == 0)) f = 1; print p, f, s + 0 }')
  printf '%s %s %s\n' "$passed" "$failed" "$skipped" > "$RESULTS/$name"
  # One suite at a time speaks.
  exec 8> "$RESULTS/../speaker"
  flock 8
  if ((failed > 0)); then
    say "=== $name: exit code $status; $log"
    # The failures' own words; the whole log when the suite died before a summary.
    if ((passed + failed + skipped > 1)); then sed 's/\x1b\[[0-9;]*m//g' "$log" | grep -vE '^  (Discover|Start|Finish)' | head -n 400 || true; else tail -n 60 "$log"; fi
    ((status != 124)) || say "$name was ended: it took longer than $SUITE_SECONDS_MAX s"
  fi
  say "$name: $passed passed, $failed failed, $skipped skipped, $((SECONDS - begun)) s"
  exec 8>&-
}

run_dotnet_suite() {
  local dll="$ROOT/tests/$1/bin/Release/net10.0/Tendering.$1.dll"
  run_suite "$1" dotnet exec "$dll"
}

# Every folder with a lock file is a package of npm; its script "test", if it has one, is a suite named for the folder.
node_packages() { find "$ROOT/gateway" "$ROOT/tests" -name node_modules -prune -o -name package-lock.json -print | sed 's:/[^/]*$::' | sort; }

# What the lock says is installed and nothing else, and the scripts of packages do not run.
prepare_node_packages() {
  local folder log
  for folder in $(node_packages); do
    log="$RUN/log/npm-${folder##*/}.log"
    say "npm ci in ${folder#"$ROOT"/}"
    (cd "$folder" && npm ci --ignore-scripts --no-audit --no-fund && npm run build --if-present) > "$log" 2>&1 < /dev/null 9>&- ||
      fail_with_log "npm ci or its build failed in ${folder#"$ROOT"/}" "npm-${folder##*/}" "mend what the lines above name"
  done
}

run_node_suite() { run_suite "${1##*/}" npm --prefix "$1" test; }

# Scenarios start systems of their own in folders below this run's.
stop_systems_of_tests() {
  local folder
  for folder in "$RUN"/*/pid; do
    [[ ! -d $folder ]] || TENDERING_RUN="${folder%/pid}" "$LOCAL/stop.sh" > /dev/null 2>&1 9>&- || true
  done
}

finish() {
  local status=$?
  trap - EXIT INT TERM
  local suites=()
  mapfile -t suites < <(jobs -rp)
  if ((${#suites[@]} > 0)); then
    mapfile -t suites < <(tree "${suites[@]}")
    kill -TERM "${suites[@]}" 2> /dev/null || true
  fi
  stop_systems_of_tests
  stop_servers > /dev/null 2>&1 || true
  # A build that fails is a failure too, and the last line says so.
  cat "$RUN/sum" 2> /dev/null || say "0 passed, 1 failed"
  exit $status
}

# Nothing of an earlier run may help a test to pass.
stop_systems_of_tests
"$LOCAL/stop.sh" --delete > /dev/null
lock
remember apart 0
trap finish EXIT
trap 'exit 130' INT TERM
choose_servers
settle_addresses
# These data die with the run. Not exported: the systems that scenarios kill keep fsync.
TENDERING_FSYNC=off ensure_servers
export TENDERING_POSTGRES="$POSTGRES_URL" TENDERING_RABBIT="$RABBIT_URL"
# Through build.sh, which first stops a local run that uses these files.
if needs_build || [[ ${CI:-} == true ]]; then TENDERING_RUN="$ROOT/.run" "$LOCAL/build.sh" 9>&-; fi
# Scenarios start systems from what was just built, whatever files tests have left since.
export TENDERING_BUILD=no

mkdir -p "$RESULTS"
prepare_node_packages
mapfile -t suites < <(cd "$ROOT/tests" 2> /dev/null && printf '%s\n' *.Tests/*.csproj | sed -n 's:/[^*]*$::p')
for suite in "${suites[@]}"; do
  # Two at a time; tests wait for servers more than they compute.
  while (($(jobs -rp | wc -l) >= 2)); do wait -n || true; done
  run_dotnet_suite "$suite" &
done
for folder in $(node_packages); do
  grep -q '"test":' "$folder/package.json" || continue
  while (($(jobs -rp | wc -l) >= 2)); do wait -n || true; done
  run_node_suite "$folder" &
done
while (($(jobs -rp | wc -l) > 0)); do wait -n || true; done
# Whole systems are started, killed and timed there: alone, so that the others do not disturb.
if [[ -d $ROOT/tests/Scenarios ]]; then run_dotnet_suite Scenarios; fi

# Once more and last, where whoever sees only the end of a log looks: what failed, and its first words.
for name in $(awk '$2 > 0 { n = FILENAME; sub(/.*\//, "", n); print n }' "$RESULTS"/*); do
  say "failed in $name:"
  sed 's/\x1b\[[0-9;]*m//g' "$RUN/log/$name.log" | grep -A 12 -E '\[FAIL\]|^ *(FAIL|×|✖|not ok) ' | cut -c 1-240 | head -n 60 || true
done

find "$RESULTS" -type f -exec cat {} + | awk '{ p += $1; f += $2; s += $3 }
  END { if (p + f == 0) f = 1; printf "%d passed, %d failed%s\n", p, f, (s > 0 ? ", " s " skipped" : ""); exit (f > 0) }' > "$RUN/sum"
