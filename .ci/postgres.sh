# shellcheck shell=bash
# A PostgreSQL cluster and a PgBouncer for one test run, on loopback, in a folder that goes away
# with it. Sourced by ./dev; what is started is stopped by its cleanup, through TO_STOP and TO_REMOVE.

start_databases() {
    local port pooler_port
    CLUSTER=$(mktemp -d /tmp/terapi-postgres.XXXXXX)
    TO_REMOVE+=("$CLUSTER")
    ((EUID == 0)) && chown postgres "$CLUSTER"
    port=$(free_port)
    start_postgres "$port"
    pooler_port=$(free_port)
    start_pgbouncer "$pooler_port" "$port"
    export TERAPI_TEST_POSTGRES="postgres://postgres@127.0.0.1:$port/postgres"
    export TERAPI_TEST_PGBOUNCER="postgres://postgres@127.0.0.1:$pooler_port/postgres"
    export TERAPI_REQUIRE_POSTGRES=1
}

# PostgreSQL and PgBouncer refuse to run as root. `exec`, so that $! is the server itself.
unprivileged() {
    if ((EUID == 0)); then exec setpriv --reuid=postgres --regid=postgres --init-groups -- "$@"
    else exec "$@"
    fi
}

# Durability is switched off: nobody needs this data after a crash.
start_postgres() {
    local programs
    programs=$(postgres_folder)
    (cd / && unprivileged "$programs/initdb" --pgdata="$CLUSTER/data" --username=postgres --auth=trust \
        --encoding=UTF8 --no-locale --no-sync) > "$CLUSTER/initdb.log" || { cat "$CLUSTER/initdb.log"; return 1; }
    (cd / && unprivileged "$programs/postgres" -D "$CLUSTER/data" -k "$CLUSTER" -p "$1" \
        -c listen_addresses=127.0.0.1 -c max_connections=300 \
        -c fsync=off -c synchronous_commit=off -c full_page_writes=off) > "$CLUSTER/postgres.log" 2>&1 &
    TO_STOP+=("$!")
    wait_for_port "$1" || { cat "$CLUSTER/postgres.log"; return 1; }
}

start_pgbouncer() {
    cat > "$CLUSTER/pgbouncer.ini" <<INI
[databases]
* = host=127.0.0.1 port=$2 user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = $1
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 20
max_client_conn = 500
INI
    (cd / && unprivileged "$(command -v pgbouncer)" -q "$CLUSTER/pgbouncer.ini") > "$CLUSTER/pgbouncer.log" 2>&1 &
    TO_STOP+=("$!")
    wait_for_port "$1" || { cat "$CLUSTER/pgbouncer.log"; return 1; }
}

free_port() {
    local port
    for _ in {1..100}; do
        port=$((20000 + RANDOM % 12000))
        if ! port_answers "$port"; then echo "$port"; return; fi
    done
    return 1
}

port_answers() { (: < "/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

wait_for_port() {
    for _ in {1..100}; do
        port_answers "$1" && return
        sleep 0.1
    done
    return 1
}
