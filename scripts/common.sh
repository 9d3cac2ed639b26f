# Owns what every script of this folder shares: words to the person, root rights, installing Debian packages.
# shellcheck shell=bash

# A shell opened with plain `su` lacks the folders of root's programs.
export PATH="${PATH}:/usr/sbin:/sbin"

say() { printf '%s\n' "$*"; }

fail() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# Runs a command as root: as it is for root, through sudo for others.
as_root() {
    if [[ ${EUID} -eq 0 ]]; then
        "$@"
    elif have sudo; then
        sudo "$@"
    else
        fail "this needs root or sudo: $*"
    fi
}

# The lists are brought up to date once a run.
update_package_lists() {
    [[ -z ${PACKAGE_LISTS_ARE_NEW:-} ]] || return 0
    local log
    log=$(mktemp)
    as_root apt-get update -qq >"${log}" 2>&1 || { cat "${log}" >&2; fail "apt-get update failed"; }
    PACKAGE_LISTS_ARE_NEW=1
    rm -f "${log}"
}

# install_packages NAME... installs Debian packages.
install_packages() {
    have apt-get || fail "please install these by hand, this system has no apt-get: $*"
    say "installing $*"
    local log
    log=$(mktemp)
    update_package_lists
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >"${log}" 2>&1 ||
        { cat "${log}" >&2; fail "apt-get install failed: $*"; }
    rm -f "${log}"
}

# unpack_package NAME FOLDER puts the files of a Debian package into FOLDER and installs nothing.
unpack_package() {
    local name=$1 folder=$2 download
    have apt-get || fail "please install this by hand, this system has no apt-get: ${name}"
    say "unpacking ${name} into ${folder}"
    download=$(mktemp -d)
    update_package_lists
    (cd "${download}" && apt-get download -qq -o APT::Sandbox::User=root "${name}") || fail "apt-get download failed: ${name}"
    rm -rf "${folder}"
    mkdir -p "${folder}"
    dpkg-deb --extract "${download}"/*.deb "${folder}"
    rm -rf "${download}"
}

# at_least MINIMUM VERSION compares dotted versions.
at_least() { [[ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" == "$1" ]]; }

# Where cargo puts what it builds.
target_folder() { printf '%s' "${CARGO_TARGET_DIR:-target}"; }
