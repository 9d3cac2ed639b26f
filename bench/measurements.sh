# Owns what bench/run measures: how large each measurement is, which databases it needs, and its command.
# shellcheck shell=bash

# choose_sizes SIZE sets the options of every measurement.
choose_sizes() {
    case $1 in
    short)
        scale=100/10000/50000
        growth="10/1000/5000 100/10000/50000"
        grown=()
        sessions="1000 10000"
        check=(--rounds 3 --seconds 1)
        sso=(--rounds 3 --seconds 2)
        sign_in=(--rounds 2 --seconds 2)
        enforcement=(--rounds 2 --seconds 2 --calls 40)
        start=(--starts 5 --rest 2)
        enumeration=(--tries 30)
        timing=(--measurements 50000)
        ;;
    usual)
        scale=1000/100000/1000000
        growth="100/10000/100000 1000/100000/1000000"
        grown=()
        sessions="1000 100000"
        check=(--rounds 5 --seconds 2)
        sso=(--rounds 5 --seconds 4)
        sign_in=(--rounds 3 --seconds 4)
        enforcement=(--rounds 3 --seconds 3 --calls 100)
        start=()
        enumeration=(--tries 150)
        timing=(--measurements 200000)
        ;;
    full)
        scale=1000/100000/1000000
        growth="100/10000/100000 1000/100000/1000000 10000/1000000/1000000 100000/10000000/10000000"
        # A quarter of a KiB for each session of the largest, as docs/operate/sizing.md says.
        grown=(--session-memory-mib 4096)
        sessions="1000 100000 1000000"
        check=() sso=() sign_in=() enforcement=() start=() enumeration=() timing=()
        ;;
    esac
    scale=${ORGATE_BENCH_SCALE:-${scale}}
    read -r -a growth <<<"${ORGATE_BENCH_GROWTH:-${growth}}"
    read -r -a sessions <<<"${ORGATE_BENCH_SESSIONS:-${sessions}}"
}

has_engine() { [[ " ${ORGATE_BENCH_ENGINES:-sqlite postgres} " == *" $1 "* ]]; }

# as_options ORGANIZATIONS/PEOPLE/SESSIONS puts them into the array `scaled`.
as_options() {
    local numbers
    IFS=/ read -r -a numbers <<<"$1"
    scaled=(--organizations "${numbers[0]}" --users "${numbers[1]}" --sessions "${numbers[2]}")
}

psql_at() { "$(postgres_programs)/psql" --quiet --no-align --tuples-only --dbname="$1" --command="$2"; }

# sqlite_database NAME COMMAND... sets `sqlite_url` to a file that this command of orgate-bench has filled.
sqlite_database() {
    local file=${SCRATCH}/$1.db began=${SECONDS}
    # Only these are never changed by what is measured.
    [[ $1 != people_* ]] || file=${ORGATE_BENCH_DATA:-${SCRATCH}}/$1.db
    shift
    mkdir -p "$(dirname "${file}")"
    sqlite_url=sqlite:${file}
    "${bench}" "$@" --database-url "${sqlite_url}" || return
    # Everything is in memory before the first answer counts.
    cat "${file}" >/dev/null
    say "${file##*/}: filled in $((SECONDS - began)) s"
}

# postgres_database NAME COMMAND... sets `postgres_url` to a database that this command of orgate-bench has filled.
postgres_database() {
    local name=$1 began=${SECONDS}
    shift
    postgres_url=${ORGATE_TEST_POSTGRES_URL%/*}/${name}
    [[ -n $(psql_at "${ORGATE_TEST_POSTGRES_URL}" "select 1 from pg_database where datname = '${name}'") ]] ||
        psql_at "${ORGATE_TEST_POSTGRES_URL}" "create database ${name}" || return
    "${bench}" "$@" --database-url "${postgres_url}" || return
    # What the server does by itself once a database has been up for some minutes.
    psql_at "${postgres_url}" "vacuum analyze" || return
    say "PostgreSQL ${name}: filled in $((SECONDS - began)) s"
}

# on_engines NAME COMMAND... fills a database on each engine, and puts their options into the array `databases`.
on_engines() {
    databases=()
    if has_engine sqlite; then
        sqlite_database "$@" || return
        databases+=(--sqlite "${sqlite_url}")
    fi
    if has_engine postgres; then
        postgres_database "$@" || return
        databases+=(--postgres "${postgres_url}")
    fi
}

# people_on_engines ORGANIZATIONS/PEOPLE/SESSIONS does so with people and their sessions.
people_on_engines() {
    as_options "$1"
    on_engines "people_${1//\//_}" seed "${scaled[@]}"
}

measure_check() {
    people_on_engines "${scale}" || return
    "${bench}" check "${common[@]}" "${databases[@]}" "${scaled[@]}" "${check[@]}" "${more[@]}"
}

measure_peer() {
    as_options "${scale}"
    sqlite_database "people_${scale//\//_}" seed "${scaled[@]}" || return
    "${bench}" peer "${common[@]}" --sqlite "${sqlite_url}" --script bench/peer/server.mjs \
        --peer-database "${ORGATE_BENCH_DATA:-${SCRATCH}}/peer_${scale//\//_}.db" "${scaled[@]}" "${check[@]}" "${more[@]}"
}

# Both databases are new each time, for the provider has another address each time.
measure_sso() {
    rm -f "${SCRATCH}"/sso*.db*
    "${bench}" seed-sign-in --database-url "sqlite:${SCRATCH}/sso.db" || return
    "${bench}" sso "${common[@]}" --sqlite "sqlite:${SCRATCH}/sso.db" --script bench/peer/server.mjs \
        --peer-database "${SCRATCH}/sso-peer.db" --mails "${SCRATCH}/mail" "${sso[@]}" "${more[@]}"
}

measure_sign_in() {
    on_engines sign_in seed-sign-in || return
    "${bench}" sign-in "${common[@]}" "${databases[@]}" --mails "${SCRATCH}/mail" "${sign_in[@]}" "${more[@]}"
}

measure_enumeration() {
    on_engines sign_in seed-sign-in || return
    "${bench}" enumeration "${common[@]}" "${databases[@]}" --mails "${SCRATCH}/mail" "${enumeration[@]}" "${more[@]}"
}

measure_enforcement() {
    local number filled=()
    for number in "${sessions[@]}"; do
        on_engines "enforcement_${number}" seed-enforcement --sessions "${number}" || return
        for database in "${databases[@]}"; do
            [[ ${database} == --* ]] && filled+=("${database}") || filled+=("${number}=${database}")
        done
    done
    "${bench}" enforcement "${common[@]}" "${filled[@]}" --mails "${SCRATCH}/mail" "${enforcement[@]}" "${more[@]}"
}

# The program runs by the clock on the wall and tidies what is over, so it gets copies.
measure_start() {
    local copies=()
    people_on_engines "${scale}" || return
    if has_engine sqlite; then
        cp "${sqlite_url#sqlite:}" "${SCRATCH}/start-copy.db" || return
        copies+=(--sqlite "sqlite:${SCRATCH}/start-copy.db")
    fi
    if has_engine postgres; then
        psql_at "${ORGATE_TEST_POSTGRES_URL}" "drop database if exists start_copy" || return
        psql_at "${ORGATE_TEST_POSTGRES_URL}" "create database start_copy template ${postgres_url##*/}" || return
        copies+=(--postgres "${postgres_url%/*}/start_copy")
    fi
    "${bench}" start "${common[@]}" --program "${built}/orgate" --folder "${SCRATCH}/start" "${copies[@]}" "${start[@]}" \
        "${more[@]}"
}

measure_growth() {
    local one filled=()
    for one in "${growth[@]}"; do
        people_on_engines "${one}" || return
        if has_engine sqlite; then filled+=(--sqlite "${one}=${sqlite_url}"); fi
        if has_engine postgres; then
            filled+=(--postgres "${one}/$(psql_at "${postgres_url}" "select pg_database_size(current_database())")=${postgres_url}")
        fi
    done
    "${bench}" growth "${common[@]}" "${filled[@]}" "${check[@]}" "${grown[@]}" "${more[@]}"
}

measure_timing() { "${bench}" timing "${common[@]}" "${timing[@]}" "${more[@]}"; }
