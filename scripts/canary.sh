# Owns the search of T-SEC-3 through what a test run printed: none of the fixed secrets of the tests may be in it.
# shellcheck shell=bash

# The secrets that tests and browser tests give to the program, a line each.
CANARIES='seven quiet lanterns over Riga
canary trumpets under Oslo 5512
canary-client-secret-of-an-edit-90817
canary-7f3e91-client-secret
operator-token-of-the-tests-0123456789abcdef
a-client-secret-of-the-tests-0123456789
GOCSPX-a-secret-of-the-tests
5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a
00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff'

# scan_for_canaries FOLDER... fails, and names the files, when one of them is found. It fails as well when it does not find
# one that it wrote itself, or when there is nothing to read.
scan_for_canaries() {
    local control found secret
    control=$(mktemp -d "${TMPDIR:-/tmp}/orgate-canary.XXXXXX")
    while IFS= read -r secret; do
        printf 'before\0 %s after\n' "${secret}" >"${control}/planted"
        if ! grep -raqF -e "${secret}" "${control}"; then
            rm -rf "${control}"
            fail "the search does not find what it has to"
        fi
    done <<<"${CANARIES}"
    rm -rf "${control}"
    [[ -n $(find "$@" -type f -size +0c -print -quit) ]] || fail "there is nothing to search"
    found=$(grep -ralF -e "${CANARIES}" -- "$@" || true)
    if [[ -n ${found} ]]; then
        fail "a secret of the tests was printed: ${found}"
    fi
    say "no secret of the tests in $(find "$@" -type f | wc -l) files"
}
