# Owns the search of T-SEC-3 through what a test run printed: none of the fixed secrets of the tests may be in it. A secret
# that is drawn anew in each run cannot be searched for, so those that browser tests give to the program are fixed.
# shellcheck shell=bash

# The secrets that tests, fuzzer and browser tests give to the program, or what each of a kind begins with, a line each.
CANARIES='thirteen green lamps in a harbour
nine brass herons above the old mill
sleeps under the oak
canary-okta-client-secret-
canary-of-a-wrong-client-secret
canary-copied-from-another-app
GOCSPX-canary-of-the-browser-tests
5e17c0a94bd2683f71ea0c95b8d34f62a1907ec5
e80115f9efa59d920d670e9e861b85141abd1872ff7684cde2cf52a68d8c984e
seven quiet lanterns over Riga
canary trumpets under Oslo 5512
canary-client-secret-of-an-edit-90817
canary-7f3e91-client-secret
operator-token-of-the-tests-0123456789abcdef
a-client-secret-of-the-tests-0123456789
GOCSPX-a-secret-of-the-tests
5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a
00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff'

# A secret that nothing gives to the program any more would never be found, whatever is printed.
sources_have_canaries() {
    local secret
    while IFS= read -r secret; do
        grep -rqF --include='*.rs' --include='*.mjs' -e "${secret}" -- e2e/idps e2e/lib e2e/tests fuzz io orgate pure testkit ||
            fail "no test gives the program the secret that scripts/canary.sh searches for: ${secret}"
    done <<<"${CANARIES}"
}

# scan_for_canaries PLACE... fails, and names the files, when one of them is found in these files and folders. It fails as well
# when it does not find one that it wrote itself, when no test has one of them, or when a place has nothing to read.
scan_for_canaries() {
    local control found place secret
    sources_have_canaries
    control=$(mktemp -d "${TMPDIR:-/tmp}/orgate-canary.XXXXXX")
    while IFS= read -r secret; do
        printf 'before\0 %s after\n' "${secret}" >"${control}/planted"
        if ! grep -raqF -e "${secret}" "${control}"; then
            rm -rf "${control}"
            fail "the search does not find what it has to"
        fi
    done <<<"${CANARIES}"
    rm -rf "${control}"
    for place in "$@"; do
        [[ -n $(find "${place}" -type f -size +0c -print -quit 2>/dev/null) ]] || fail "there is nothing to search in ${place}"
    done
    found=$(grep -ralF -e "${CANARIES}" -- "$@" || true)
    if [[ -n ${found} ]]; then
        fail "a secret of the tests was printed: ${found}"
    fi
    say "no secret of the tests in $(find "$@" -type f | wc -l) files"
}
