# shellcheck shell=bash
# The programs of Tendering: their settings, and how they are built, started and stopped.

SERVICES=(identity tenders bidding bid-opening expert-selection evaluation escrow credit supervision)
# Two that cosign the audit log; one of them is enough, so that it goes on without the other.
WITNESSES=(witness-1 witness-2)
WITNESSES_NEEDED=1
READY_SECONDS_MAX=120

# --- names: the service bid-opening is the project BidOpening, and bidopening in settings (bash exports no hyphen) and databases.

project_of() { sed -E 's/(^|-)(.)/\U\2/g' <<< "$1"; }
setting_of() { printf '%s' "${1//-/}"; }

program() {
  local project
  case "$1" in
    all-in-one) project=deploy/AllInOne ;;
    gateway) project=gateway/Gateway ;;
    bank) project=deploy/BankSimulator ;;
    timestamp-authority) project=deploy/TimestampAuthority ;;
    witness-*) project=gateway/clients/Witness ;;
    Replay) project=deploy/Replay ;;
    Benchmarks) project=tests/Benchmarks ;;
    Bid | Verify) project="gateway/clients/$1" ;;
    *) project="services/$(project_of "$1")" ;;
  esac
  printf '%s' "$ROOT/$project/bin/Release/net10.0/Tendering.${project##*/}.dll"
}

is_apart() { [[ $(recall apart) == 1 ]]; }

# The processes that hold services, and all programs of the present mode.
service_processes() { if is_apart; then printf '%s\n' "${SERVICES[@]}"; else say all-in-one; fi; }
programs() {
  service_processes
  say gateway
  say bank
  printf '%s\n' "${WITNESSES[@]}"
  if has_authority; then say timestamp-authority; fi
}

# The local time-stamping authority is a door in front of openssl.
has_authority() { command -v openssl > /dev/null; }

# --- settings: computed once, kept in $RUN/state, written for others to read into $RUN/env.

settle_programs() {
  local name key
  settle_port gateway 8080
  for name in $(programs); do [[ $name == gateway ]] || settle_port "$name"; done
  [[ -z ${Clock__Mode:-} ]] || remember clock_mode "$Clock__Mode"
  [[ -n $(recall clock_mode) ]] || remember clock_mode simulated
  # A witness makes its own key; the log must know it before the first checkpoint.
  for name in "${WITNESSES[@]}"; do
    [[ -z $(recall "key_$name") ]] || continue
    key="$(as_witness "$name" dotnet "$(program "$name")" key)" || die "$name made no key" "make build"
    remember "key_$name" "$key"
  done
  [[ -n $(recall key_master) ]] || remember key_master "$(head -c 32 /dev/urandom | base64 -w 0)"
}

address_of() { printf 'http://127.0.0.1:%s' "$(recall "port_$1")"; }
as_witness() { env "Witness__Name=$1.local" "Witness__Folder=$RUN/$1" "${@:2}"; }
service_address() { if is_apart; then address_of "$1"; else address_of all-in-one; fi; }

setting() { printf "export %s='%s'\n" "$1" "${2//\'/\'\\\'\'}"; }

write_settings() {
  local service name host port i
  host="$(connection_part "$POSTGRES_URL" 'host|server')"
  port="$(connection_part "$POSTGRES_URL" port)"
  {
    setting TENDERING_ROOT "$ROOT"
    setting TENDERING_RUN "$RUN"
    setting TENDERING_POSTGRES "$POSTGRES_URL"
    setting TENDERING_RABBIT "$RABBIT_URL"
    for service in "${SERVICES[@]}"; do
      name="$(setting_of "$service")"
      setting "ConnectionStrings__$name" "Host=$host;Port=${port:-5432};Database=tendering_$name;Username=tendering_$name;Password=$(secret "password_$name");Maximum Pool Size=20;Minimum Pool Size=0"
      setting "Services__$name" "$(service_address "$service")"
    done
    setting Keys__Master "$(recall key_master)"
    setting Machines__bank__Secret "$(secret secret_bank)"
    setting Escrow__Treasury__CNY__Account 9558800000000001
    setting Escrow__Treasury__CNY__Name '财政国库 local treasury'
    setting Escrow__Treasury__JPY__Account 9558800000000002
    setting Escrow__Treasury__JPY__Name '会計管理者 local treasury'
    setting Identity__Authority "$(service_address identity)"
    setting Gateway__Url "$(address_of gateway)"
    setting Bank__Url "$(address_of bank)"
    setting Bank__Folder "$RUN/bank"
    setting Escrow__BankAccount 6228480402564890018
    # The ISO's schemas are not ours to give out: where a folder of them lies beside the checkout, files of the bank are held against it.
    [[ ! -f $ROOT/../shared/vectors/camt/camt.053.001.08.xsd ]] || setting Escrow__SchemaFolder "$(cd "$ROOT/../shared/vectors/camt" && pwd)"
    for i in "${!WITNESSES[@]}"; do
      setting "Log__Witnesses__${i}__Url" "$(address_of "${WITNESSES[i]}")"
      setting "Log__Witnesses__${i}__Key" "$(recall "key_${WITNESSES[i]}")"
    done
    setting Log__WitnessesNeeded "$WITNESSES_NEEDED"
    if has_authority; then
      setting Log__TimestampAuthority "$(address_of timestamp-authority)"
      setting Log__TimestampEvery 01:00:00
    fi
    setting TimestampAuthority__Folder "$RUN/timestamp-authority"
    setting Witness__Logs__0__KeyUrl "$(service_address supervision)/api/supervision/log/keys"
    setting Storage__Folder "$RUN/storage"
    setting Clock__Mode "$(recall clock_mode)"
    setting Clock__File "$RUN/clock"
    setting ASPNETCORE_ENVIRONMENT "${ASPNETCORE_ENVIRONMENT:-Development}"
    # Small rather than fast: a dozen processes share one machine.
    setting DOTNET_gcServer "${DOTNET_gcServer:-0}"
    setting DOTNET_GCConserveMemory "${DOTNET_GCConserveMemory:-5}"
    # Threads that wait for work sleep at once: spinning takes the cores from the other processes.
    setting DOTNET_ThreadPool_UnfairSemaphoreSpinLimit "${DOTNET_ThreadPool_UnfairSemaphoreSpinLimit:-0}"
  } > "$RUN/env.new"
  chmod 600 "$RUN/env.new"
  mv "$RUN/env.new" "$RUN/env"
}

read_settings() {
  [[ -f $RUN/env ]] || die "nothing has been started in $RUN yet" "make start"
  # shellcheck source=/dev/null
  . "$RUN/env"
  POSTGRES_URL="$TENDERING_POSTGRES"
  RABBIT_URL="$TENDERING_RABBIT"
}

# --- build

# Whether a source is newer than the last build. A folder's time tells of files taken away; building itself touches folders.
# TENDERING_BUILD=no: take what is built.
needs_build() {
  [[ ${TENDERING_BUILD:-} != no ]] || return 1
  local stamp="$ROOT/.run/built" name sources=()
  [[ -f $stamp && -f $stamp.end ]] || return 0
  for name in $(programs); do [[ -f $(program "$name") ]] || return 0; done
  for name in services gateway deploy tests; do [[ ! -d $ROOT/$name ]] || sources+=("$ROOT/$name"); done
  [[ -n $(find "$ROOT"/*.props "$ROOT"/*.sln "$ROOT/global.json" "$ROOT/.editorconfig" "${sources[@]}" \
    \( -name bin -o -name obj -o -name portal -o -name node_modules -o -type d -exec test -f {}/package.json \; -o -path "$ROOT/deploy/local" -o -path "$ROOT/deploy/compose" \
    -o -path "$ROOT/deploy/kubernetes" -o -name TestResults \) -prune -o \
    \( -type f ! -name '*.md' -newer "$stamp" -o -type d -newer "$stamp.end" \) -print -quit) ]]
}

build() {
  local begun=$SECONDS
  mkdir -p "$ROOT/.run"
  touch "$ROOT/.run/begun"
  say "building (dotnet build -c Release; some minutes the first time)"
  dotnet build -c Release -nologo -v quiet -clp:NoSummary "$ROOT/Tendering.sln" 9>&- || die "the build failed" "mend what the lines above name"
  mv "$ROOT/.run/begun" "$ROOT/.run/built"
  touch "$ROOT/.run/built.end"
  say "built in $((SECONDS - begun)) s"
}

# --- programs

migrate() {
  say "bringing the databases up to date"
  (read_settings && cd "$(dirname "$(program all-in-one)")" && exec dotnet "$(program all-in-one)" migrate) 9>&- > "$RUN/log/migrate.log" 2>&1 ||
    fail_with_log "the migration failed" migrate "see above; 'make migrate' tries again"
  sed 's/^/  /' "$RUN/log/migrate.log"
}

# A change of settings shows in the mark: the program is then started anew.
settings_mark() { cksum < "$RUN/env" | cut -d ' ' -f 1; }
is_current() { is_up "$1" && [[ $(mark_of "$1") == "$(settings_mark)" ]]; }

# launch_program NAME: each process gets only the database passwords it needs, and none the administrator's.
launch_program() {
  local name=$1 service hidden=(-u TENDERING_POSTGRES) file
  file="$(program "$name")"
  [[ -f $file ]] || die "$file is missing" "make build"
  for service in "${SERVICES[@]}"; do
    [[ $name == all-in-one || $name == "$service" ]] || hidden+=(-u "ConnectionStrings__$(setting_of "$service")")
  done
  # The bank, the witnesses and the authority are strangers to us.
  [[ $name != bank && $name != witness-* && $name != timestamp-authority ]] || hidden+=(-u TENDERING_RABBIT -u Keys__Master)
  [[ $name != timestamp-authority ]] || hidden+=(-u Machines__bank__Secret)
  [[ $name != witness-* ]] || hidden+=(-u Machines__bank__Secret "Witness__Name=$name.local" "Witness__Folder=$RUN/$name")
  (
    read_settings
    # What a rush brings in is forgotten before it is looked at: 64 MiB of new objects between two collections, where bids pass through.
    [[ $name != gateway && $name != all-in-one && $name != bidding ]] || export DOTNET_GCgen0size="${DOTNET_GCgen0size:-0x4000000}"
    export ASPNETCORE_URLS
    ASPNETCORE_URLS="$(address_of "$name")"
    launch "$name" "$(dirname "$file")" "$(settings_mark)" env "${hidden[@]}" dotnet "$file"
  )
}

# Itself, not whatever answers at its port: another program may hold that.
is_ready() { is_up "$1" && http_ok "$(recall "port_$1")" /health/ready; }

# start_programs NAME...: together, for they wait for each other as they must.
start_programs() {
  local name
  for name in "$@"; do
    if is_current "$name"; then continue; fi
    if is_up "$name"; then
      ask_to_stop "$name" TERM
      await_stop "$name" 20
    fi
    say "starting $name"
    launch_program "$name"
  done
  for name in "$@"; do
    wait_until "$name is ready" "$READY_SECONDS_MAX" "$name" is_ready "$name"
    say "  $name is ready"
  done
}

# stop_programs NAME...
stop_programs() {
  local name
  for name in "$@"; do ask_to_stop "$name" TERM; done
  for name in "$@"; do await_stop "$name" 20; done
}

# Whatever of ours runs besides the servers, in either mode.
running_programs() {
  local name
  for name in timestamp-authority "${WITNESSES[@]}" bank gateway all-in-one "${SERVICES[@]}"; do if is_up "$name"; then say "$name"; fi; done
}
