# shellcheck shell=bash
# PostgreSQL and RabbitMQ for the local run. Whose servers: given by address in the environment (external), else containers where a
# Docker engine answers (docker), else the system's programs started privately below $RUN (private), installed first where we may.
# TENDERING_SERVERS=private or docker overrules the choice and ignores addresses in the environment.

POSTGRES_VERSION_MIN=15
POSTGRES_CONNECTIONS_MAX=300
START_SECONDS_MAX=90

# --- whose servers

docker_answers() {
  command -v docker > /dev/null && timeout 3 docker info > /dev/null 2>&1 && timeout 3 docker compose version > /dev/null 2>&1
}

# choose_servers: settles kind_postgres and kind_rabbit. A choice once made stays while its data lives.
choose_servers() {
  local server given own kind
  for server in postgres rabbit; do
    given="TENDERING_${server^^}"
    own="$(recall "url_$server")" || true
    kind="$(recall "kind_$server")" || true
    # Our own address comes back in the environment when a script is started with $RUN/env read in.
    if [[ -n ${!given:-} && ${!given} != "$own" && -z ${TENDERING_SERVERS:-} ]]; then
      kind=external
    elif [[ $kind != private && $kind != docker ]]; then
      if [[ ${TENDERING_SERVERS:-} == private ]]; then
        kind=private
      elif [[ ${TENDERING_SERVERS:-} == docker ]] || docker_answers; then
        kind=docker
      else
        kind=private
      fi
    fi
    remember "kind_$server" "$kind"
  done
}

kind_of() { recall "kind_$1"; }

# A container's port is held by Docker, not by a process that we could tell from a stranger's.
settle_server_port() { [[ $(kind_of "$1") == docker && -n $(recall "port_$1") ]] || settle_port "$1"; }

# settle_addresses: ports and passwords of our servers; url_… is what clients use.
settle_addresses() {
  local password
  if [[ $(kind_of postgres) != external ]]; then
    settle_server_port postgres
    password="$(secret password_postgres)"
    remember url_postgres "Host=127.0.0.1;Port=$(recall port_postgres);Username=postgres;Password=$password;Database=postgres"
    POSTGRES_URL="$(recall url_postgres)"
  else
    POSTGRES_URL="$TENDERING_POSTGRES"
  fi
  if [[ $(kind_of rabbit) != external ]]; then
    settle_server_port rabbit
    password="$(secret password_rabbit)"
    remember url_rabbit "amqp://tendering:$password@127.0.0.1:$(recall port_rabbit)/"
    RABBIT_URL="$(recall url_rabbit)"
  else
    RABBIT_URL="$TENDERING_RABBIT"
  fi
}

# --- where the programs are

# Prints the bin folder of the newest PostgreSQL that is new enough.
postgres_programs() {
  local bin
  while read -r bin; do
    if [[ -x $bin/postgres && -x $bin/initdb && $("$bin/postgres" --version | grep -oE '[0-9]+' | head -n 1) -ge $POSTGRES_VERSION_MIN ]]; then
      printf '%s' "$bin"
      return
    fi
  done < <(
    printf '%s\n' /usr/lib/postgresql/*/bin /usr/pgsql-*/bin | sort -Vr
    dirname "$(command -v postgres || echo /nowhere/postgres)"
    if command -v pg_config > /dev/null; then pg_config --bindir; fi
  )
  return 1
}

# Prints RabbitMQ's own start script: the one on PATH may be a wrapper that insists on the system's user and folders.
rabbit_program() {
  local script
  while read -r script; do
    if [[ -x $script ]]; then
      printf '%s' "$script"
      return
    fi
  done < <(printf '%s\n' /usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin/rabbitmq-server /opt/rabbitmq/sbin/rabbitmq-server | sort -Vr)
  return 1
}

# install_packages PACKAGE...: from Debian or Ubuntu, without letting a package start its own service.
install_packages() {
  local policy=/usr/sbin/policy-rc.d as_root=() placed="" status=0
  command -v apt-get > /dev/null || die "not installed: $*" "install it, or set TENDERING_POSTGRES and TENDERING_RABBIT to servers you have"
  if ((EUID != 0)); then
    if sudo -n true 2> /dev/null; then as_root=(sudo); else die "not installed: $*" "as root: apt-get install $*"; fi
  fi
  if [[ ! -e $policy ]]; then
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" > /dev/null
    "${as_root[@]}" chmod 755 "$policy"
    placed=1
  fi
  say "installing $* (apt-get; log: $RUN/log/install.log)"
  {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" ||
      { "${as_root[@]}" apt-get update && "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"; }
  } > "$RUN/log/install.log" 2>&1 < /dev/null || status=$?
  [[ -z $placed ]] || "${as_root[@]}" rm -f "$policy"
  ((status == 0)) || fail_with_log "apt-get could not install: $*" install "see above; 'apt-get update' may help"
}

# --- PostgreSQL

# Prints the words that start a command as a user whom PostgreSQL accepts: it refuses root.
postgres_user() {
  ((EUID == 0)) || return 0
  local user=postgres
  if ! id -u postgres > /dev/null 2>&1; then
    user=tendering
    id -u tendering > /dev/null 2>&1 || useradd --system --no-create-home --shell /usr/sbin/nologin tendering
  fi
  printf '%s' "$user"
}

as_postgres_user() {
  local user
  user="$(postgres_user)"
  AS_POSTGRES=()
  if [[ -n $user ]]; then AS_POSTGRES=(setpriv "--reuid=$user" "--regid=$(id -g "$user")" --init-groups --); fi
}

# Prints the folder of the data: below $RUN, or under /var/tmp where the server's user cannot reach $RUN.
postgres_folder() {
  local folder user home
  user="$(postgres_user)"
  folder="$(recall folder_postgres)" || true
  if [[ -n $folder && -d $folder ]]; then
    # In a copy of the checkout the pointer names the original's data; in a moved one, its own.
    home="$(cat "$folder/run" 2> /dev/null || true)"
    if [[ $home == "$RUN" || ! -f $home/state ]]; then
      printf '%s\n' "$RUN" > "$folder/run"
      printf '%s' "$folder"
      return
    fi
  fi
  folder="$RUN/postgres"
  mkdir -p "$folder"
  chmod 700 "$folder"
  [[ -z $user ]] || chown "$user" "$folder"
  if ! (cd / && "${AS_POSTGRES[@]}" test -w "$folder" -a -x "$folder"); then
    rmdir "$folder"
    folder="$(mktemp -d /var/tmp/tendering-postgres.XXXXXXXX)"
    printf '%s\n' "$RUN" > "$folder/run"
    chown "$user" "$folder"
    remember folder_postgres "$folder"
  fi
  printf '%s' "$folder"
}

launch_postgres() {
  local bin folder stale
  bin="$(postgres_programs)" || { install_packages postgresql; bin="$(postgres_programs)" || die "no PostgreSQL >= $POSTGRES_VERSION_MIN after installing it" "set TENDERING_POSTGRES"; }
  as_postgres_user
  folder="$(postgres_folder)"
  if [[ ! -d $folder/data ]]; then
    say "creating the database files ($("$bin/postgres" --version | awk '{ print $3 }'))"
    rm -rf "$folder/data.new"
    (umask 077 && secret password_postgres > "$folder/password")
    chmod 600 "$folder/password"
    ((EUID != 0)) || chown "$(postgres_user)" "$folder/password"
    (cd / && "${AS_POSTGRES[@]}" "$bin/initdb" -D "$folder/data.new" -U postgres -A scram-sha-256 --pwfile="$folder/password" \
      --encoding=UTF8 --locale=C.UTF-8) > "$RUN/log/initdb.log" 2>&1 || fail_with_log "initdb failed" initdb "see above"
    rm -f "$folder/password"
    mv "$folder/data.new" "$folder/data"
  fi
  # Data that were copied or restored by root.
  if ((EUID == 0)) && [[ $(stat -c %U "$folder/data") != "$(postgres_user)" ]]; then chown -R "$(postgres_user)" "$folder/data"; fi
  # After a kill the file names a process that is gone, or a stranger who got its number since.
  if [[ -f $folder/data/postmaster.pid ]]; then
    stale="$(head -n 1 "$folder/data/postmaster.pid")"
    [[ $(readlink "/proc/$stale/cwd" 2> /dev/null) == "$folder/data" ]] || rm -f "$folder/data/postmaster.pid"
  fi
  launch postgres / "" "${AS_POSTGRES[@]}" "$bin/postgres" -D "$folder/data" -p "$(recall port_postgres)" \
    -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=$POSTGRES_CONNECTIONS_MAX \
    -c shared_buffers=64MB -c max_wal_size=512MB -c jit=off -c huge_pages=off -c "fsync=${TENDERING_FSYNC:-on}"
}

# As far as can be seen without a password: the server answers the protocol's first message, and is not still starting or recovering.
postgres_answers() {
  local host port bin
  host="$(connection_part "$POSTGRES_URL" 'host|server')"
  port="$(connection_part "$POSTGRES_URL" port)"
  if bin="$(postgres_programs)"; then
    "$bin/pg_isready" -q -t 2 -h "$host" -p "${port:-5432}"
  else
    # shellcheck disable=SC2016 # expanded by the inner shell
    timeout 2 bash -c 'exec 3<> "/dev/tcp/$1/$2"' _ "$host" "${port:-5432}" 2> /dev/null
  fi
}

# connection_part STRING NAMES: one value of a connection string, whose names ignore case.
connection_part() { tr ';' '\n' <<< "$1" | sed -nE "s/^ *($2) *= *//Ip" | head -n 1; }

# --- RabbitMQ

launch_rabbit() {
  local script folder="$RUN/rabbit" port
  script="$(rabbit_program)" || { install_packages rabbitmq-server; script="$(rabbit_program)" || die "no RabbitMQ after installing it" "set TENDERING_RABBIT"; }
  settle_port epmd
  settle_port dist
  port="$(recall port_rabbit)"
  mkdir -p "$folder/mnesia"
  chmod 700 "$folder"
  printf '[].\n' > "$folder/enabled_plugins"
  (umask 077 && cat > "$folder/rabbitmq.conf" << END
listeners.tcp.1 = 127.0.0.1:$port
default_user = tendering
default_pass = $(secret password_rabbit)
vm_memory_high_watermark.absolute = 400MB
disk_free_limit.absolute = 256MB
collect_statistics_interval = 30000
raft.wal_max_size_bytes = 33554432
log.console = true
log.console.level = info
log.file = false
END
  )
  # Nodes find each other through epmd: a private one keeps us out of sight of the system's broker and of other checkouts.
  is_up epmd || launch epmd / "" epmd -port "$(recall port_epmd)" -address 127.0.0.1
  # RUNNING_UNDER_SYSTEMD lets the script become the Erlang machine itself, so that our signals reach it.
  launch rabbit / "" env -i "PATH=$PATH" LANG=C.UTF-8 "HOME=$folder" RUNNING_UNDER_SYSTEMD=true \
    RABBITMQ_CONF_ENV_FILE=/dev/null "RABBITMQ_CONFIG_FILE=$folder/rabbitmq.conf" "RABBITMQ_ADVANCED_CONFIG_FILE=$folder/none" \
    "RABBITMQ_MNESIA_BASE=$folder/mnesia" "RABBITMQ_LOG_BASE=$RUN/log" RABBITMQ_LOGS=- "RABBITMQ_PID_FILE=$folder/pid" \
    "RABBITMQ_ENABLED_PLUGINS_FILE=$folder/enabled_plugins" RABBITMQ_NODENAME=tendering@localhost \
    "RABBITMQ_NODE_PORT=$port" "RABBITMQ_DIST_PORT=$(recall port_dist)" \
    "ERL_CRASH_DUMP=$folder/crash.dump" "ERL_EPMD_PORT=$(recall port_epmd)" ERL_EPMD_ADDRESS=127.0.0.1 RABBITMQ_MAX_NUMBER_OF_PROCESSES=131072 \
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="+S 1:1 +sbwt none +sbwtdcpu none +sbwtdio none -start_epmd false -kernel inet_dist_use_interface {127,0,0,1}" \
    "$script"
}

# The broker answers AMQP's greeting with its own (a method frame begins with the byte 1); it listens only when it has booted.
rabbit_answers() {
  local address="${RABBIT_URL#*://}" host port
  address="${address##*@}"
  address="${address%%/*}"
  host="${address%%:*}"
  port="${address#"$host"}"
  port="${port#:}"
  # shellcheck disable=SC2016 # expanded by the inner shell
  [[ $(timeout 3 bash -c 'exec 3<> "/dev/tcp/$1/$2" && printf "AMQP\0\0\11\1" >&3 && head -c 1 <&3 | od -An -tu1 | tr -d " "' \
    _ "$host" "${port:-5672}" 2> /dev/null) == 1 ]]
}

# --- containers

compose() {
  POSTGRES_PORT="$(recall port_postgres)" POSTGRES_PASSWORD="$(secret password_postgres)" \
    RABBIT_PORT="$(recall port_rabbit)" RABBIT_PASSWORD="$(secret password_rabbit)" \
    docker compose -p "tendering-$(printf '%s' "$RUN" | cksum | cut -d ' ' -f 1)" -f "$ROOT/deploy/compose/compose.yaml" "$@"
}

compose_up() {
  compose up -d "$1" >> "$RUN/log/$1.log" 2>&1 ||
    fail_with_log "Docker could not start $1" "$1" "see above; TENDERING_SERVERS=private uses the system's own programs instead"
}

compose_pid() { docker inspect -f '{{ .State.Pid }}' "$(compose ps -q "$1" 2> /dev/null)" 2> /dev/null; }

# --- both

launch_server() {
  case "$(kind_of "$1")" in
    private) is_up "$1" || "launch_$1" ;;
    docker) compose_up "$1" ;;
  esac
}

await_server() { wait_until "$1 answers" "$START_SECONDS_MAX" "$1" "$1_answers"; }

# ensure_servers: RabbitMQ first, for it takes longer.
ensure_servers() {
  local server
  for server in rabbit postgres; do
    if "${server}_answers"; then continue; fi
    say "starting $server ($(kind_of "$server"))"
    launch_server "$server"
  done
  await_server postgres
  await_server rabbit
}

stop_servers() {
  local server
  ask_to_stop rabbit TERM
  # The "fast" shutdown: sessions end, data are written out.
  ask_to_stop postgres INT
  await_stop postgres 30
  await_stop rabbit 30
  ask_to_stop epmd TERM
  await_stop epmd 5
  for server in postgres rabbit; do
    if [[ $(kind_of "$server") == docker ]]; then
      say "stopping $server"
      compose stop "$server" >> "$RUN/log/$server.log" 2>&1 || warn "Docker could not stop $server"
    fi
  done
}

kill_server() {
  case "$(kind_of "$1")" in
    private)
      kill_now "$1"
      [[ $1 != rabbit ]] || kill_now epmd
      ;;
    docker) compose kill -s SIGKILL "$1" > /dev/null 2>&1 ;;
    *) die "$1 is not ours: its address came from the environment" "TENDERING_SERVERS=private gives a system servers of its own" ;;
  esac
}
