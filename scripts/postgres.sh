# Owns the private PostgreSQL server of one test run: its own folder, its own free loopback port, its own password, and
# gone when the run ends.
# shellcheck shell=bash

# PostgreSQL refuses to run as root.
as_postgres_user() {
    if [[ ${EUID} -ne 0 ]]; then
        "$@"
    elif id postgres >/dev/null 2>&1; then
        runuser -u postgres -- "$@"
    else
        runuser -u nobody -- "$@"
    fi
}

# start_postgres [durable] exports ORGATE_TEST_POSTGRES_URL (Rust tests) and ORGATE_E2E_POSTGRES_URL (browser tests). Nothing in
# the server outlives the run, so nothing waits for the disk; a durable one waits as it would out there, to be measured.
start_postgres() {
    local durability=${1:-}
    local programs password port tries
    programs=$(postgres_programs)
    POSTGRES_FOLDER=$(mktemp -d "${TMPDIR:-/tmp}/orgate-postgres.XXXXXX")
    password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
    printf '%s\n' "${password}" >"${POSTGRES_FOLDER}/password"
    if [[ ${EUID} -eq 0 ]]; then
        chown -R "$(as_postgres_user id -un)" "${POSTGRES_FOLDER}"
    fi
    (cd "${POSTGRES_FOLDER}" && as_postgres_user "${programs}/initdb" --pgdata="${POSTGRES_FOLDER}/data" \
        --username=orgate --auth=scram-sha-256 --pwfile="${POSTGRES_FOLDER}/password" \
        --encoding=UTF8 --locale=C.UTF-8 --no-sync >"${POSTGRES_FOLDER}/initdb.log" 2>&1) ||
        { cat "${POSTGRES_FOLDER}/initdb.log" >&2; fail "initdb failed"; }
    for tries in 1 2 3 4 5; do
        port=$((20000 + RANDOM % 20000))
        if postgres_started "${programs}" "${port}" "${durability}"; then
            create_databases "${programs}" "${password}" "${port}"
            return
        fi
        say "PostgreSQL did not start on port ${port} (try ${tries})"
    done
    cat "${POSTGRES_FOLDER}/server.log" >&2
    fail "PostgreSQL did not start"
}

postgres_started() {
    local programs=$1 port=$2 durability=$3 careless="-c fsync=off -c synchronous_commit=off -c full_page_writes=off"
    [[ ${durability} != durable ]] || careless=
    (cd "${POSTGRES_FOLDER}" && as_postgres_user "${programs}/pg_ctl" start --silent --wait --timeout=30 \
        --pgdata="${POSTGRES_FOLDER}/data" --log="${POSTGRES_FOLDER}/server.log" \
        --options="-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' \
            ${careless} -c max_connections=300") >/dev/null 2>&1
}

create_databases() {
    local programs=$1 password=$2 port=$3 database
    for database in orgate orgate_e2e orgate_template; do
        PGPASSWORD=${password} "${programs}/createdb" --host=127.0.0.1 --port="${port}" --username=orgate "${database}"
    done
    local server="postgres://orgate:${password}@127.0.0.1:${port}"
    export ORGATE_TEST_POSTGRES_URL="${server}/orgate"
    export ORGATE_E2E_POSTGRES_URL="${server}/orgate_e2e"
    POSTGRES_TEMPLATE_URL="${server}/orgate_template"
}

stop_postgres() {
    [[ -n ${POSTGRES_FOLDER:-} ]] || return 0
    if [[ -e "${POSTGRES_FOLDER}/data/postmaster.pid" ]]; then
        (cd "${POSTGRES_FOLDER}" && as_postgres_user "$(postgres_programs)/pg_ctl" stop --silent --mode=immediate \
            --pgdata="${POSTGRES_FOLDER}/data") >/dev/null 2>&1 || true
    fi
    rm -rf "${POSTGRES_FOLDER}"
    POSTGRES_FOLDER=
}
