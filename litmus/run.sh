#!/bin/bash
# Runs litmus, suite by suite, and compares with expected/: every test passes, no warnings.
#
#   litmus/run.sh            starts a server of its own on a free port
#   litmus/run.sh --tls      likewise, over TLS
#   litmus/run.sh URL [USER PASSWORD]   against a server that runs already
#
# Environment: LITMUS_SUITES, the suites to run; LITMUS_DIR, where litmus keeps its programs.
set -eu

HERE=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/wire/server.sh
. "$HERE/../tests/wire/server.sh"

SUITES=${LITMUS_SUITES-basic copymove props locks http}
DIR=${LITMUS_DIR-/usr/libexec/litmus}
HTDOCS=${LITMUS_HTDOCS-/usr/share/litmus/htdocs}

# Over TLS litmus itself skips a test of the http suite.
expected() {
    local file=$HERE/expected/$1.txt
    case $2 in https:*) [ ! -f "$HERE/expected/$1-tls.txt" ] || file=$HERE/expected/$1-tls.txt ;; esac
    printf '%s\n' "$file"
}

# Only the results count: number, name, verdict; warnings as they are.
results() {
    tr '\r' '\n' <"$1" | sed -E -e 's/\.{2,}/ /' -e 's/ +/ /g' -e 's/ $//' |
        grep -E '^ *[0-9]+\. .* (pass|FAIL|SKIPPED|XFAIL)|WARNING|^ *-> .*|^<- summary' | sed -E 's/^ *//'
}

run_suite() {
    local suite=$1 wanted
    shift
    wanted=$(expected "$suite" "$1")
    mkdir -p "$WORK/$suite"
    (cd "$WORK/$suite" && "$DIR/$suite" --htdocs "$HTDOCS" "$@") >"$WORK/$suite.out" 2>&1 || true
    results "$WORK/$suite.out" >"$WORK/$suite.txt"
    if ! diff -u "$wanted" "$WORK/$suite.txt"; then
        echo "litmus $suite: differs from ${wanted##*/} (- expected, + got)"
        return 1
    fi
    tail -n 1 "$WORK/$suite.txt"
}

main() {
    local own='' failed=0 suite
    [ -x "$DIR/basic" ] || skip "litmus is not installed"
    case ${1-} in
    '') server_start && own=1 && set -- "$URL/" ;;
    --tls)
        certificate
        server_start --tls-cert "$WORK/cert.pem" --tls-key "$WORK/key.pem"
        own=1
        set -- "$URL/"
        ;;
    esac
    for suite in $SUITES; do
        run_suite "$suite" "$@" || failed=1
    done
    [ -z "$own" ] || server_stop
    return $failed
}

main "$@"
