# Owns the browser tests' own needs: npm packages and the Python environment of the second identity provider, each built
# anew only when its list has changed.
# shellcheck shell=bash

# is_current STAMP LIST... tells whether STAMP was written for exactly these lists.
is_current() {
    local stamp=$1
    shift
    [[ -e "${stamp}" && "$(cat "${stamp}")" == "$(cat "$@" | sha256sum)" ]]
}

install_npm_packages() {
    local stamp=e2e/node_modules/.installed
    is_current "${stamp}" e2e/package.json e2e/package-lock.json && return
    (cd e2e && npm ci --no-audit --no-fund --loglevel=error)
    cat e2e/package.json e2e/package-lock.json | sha256sum >"${stamp}"
}

install_canaille() {
    local folder=.cache/canaille
    local stamp=${folder}/.installed
    is_current "${stamp}" e2e/idps/requirements.txt && return
    make_python_environment "${folder}" --requirement e2e/idps/requirements.txt
    sha256sum <e2e/idps/requirements.txt >"${stamp}"
}

# Two runs in one checkout share these folders, so the second waits here.
lock_e2e() {
    mkdir -p .cache
    exec 9>.cache/e2e.lock
    flock 9
}
