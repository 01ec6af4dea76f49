#!/bin/bash
# Runs litmus, suite by suite, and compares with expected/: every test passes, no warnings.
#
#   litmus/run.sh            starts a server of its own on a free port
#   litmus/run.sh --tls      likewise, over TLS
#   litmus/run.sh --no-attributes   likewise, on a file system without extended attributes
#   litmus/run.sh --share    likewise, in one of two shares
#   litmus/run.sh --mode M   likewise, in this heartbeat mode with a beat every 0.05 s, over a slow disk
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
MODE=plain

# Over TLS litmus itself skips a test of the http suite; it warns that an early 207 is not the 201 or 204 that it
# tells inside.
expected() {
    local file=$HERE/expected/$1.txt
    [ ! -f "$HERE/expected/$1-$MODE.txt" ] || file=$HERE/expected/$1-$MODE.txt
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

# Every change and every listing takes longer than a beat.
slow_server() {
    local lib=${HOLDFAST_SLOW_LIB-$TOP/build/tests/slow.so}
    [ -f "$lib" ] || skip "no slow.so"
    export HOLDFAST_SLOW=renameat2=120,linkat=120,mkdirat=120,copy_file_range=120,ficlone=120,getdents64=60,setxattr=70
    HOLDFAST_WRAP="env LD_PRELOAD=$lib" server_start --heartbeat 0.05 --heartbeat-mode "$MODE"
}

# Or the mode was not tested at all.
beats_were_sent() {
    local pattern='"(COPY|MOVE|PUT|MKCOL) .* interims=[1-9]' wanted=yes got=no
    case $MODE in
    multistatus) pattern='"(COPY|MOVE) [^"]*" 207 .* how=ran interims=0' ;;
    off) wanted=no ;;
    esac
    ! grep -qE "$pattern" "$WORK/log" || got=yes
    [ "$got" = "$wanted" ] || echo "beats of mode $MODE were sent: $got"
    [ "$got" = "$wanted" ]
}

main() {
    local own='' failed=0 suite
    [ -x "$DIR/basic" ] || skip "litmus is not installed"
    case ${1-} in
    '') server_start && own=1 && set -- "$URL/" ;;
    --tls)
        [ -z "${HOLDFAST_SECURED-}" ] || skip "all the others are over TLS"
        certificate
        server_start --tls-cert "$WORK/cert.pem" --tls-key "$WORK/key.pem"
        own=1
        set -- "$URL/"
        ;;
    --no-attributes)
        mkdir -p "$ROOT"
        mount -t ramfs ramfs "$ROOT" 2>/dev/null || skip "may not mount a ramfs"
        at_exit umount -l "$ROOT"
        server_start
        own=1
        set -- "$URL/"
        ;;
    --share)
        export SHARES='one two'
        server_start
        own=1
        set -- "$URL/of/two/"
        ;;
    --mode)
        MODE=$2
        slow_server
        own=1
        set -- "$URL/"
        ;;
    esac
    [ -z "$own" ] || [ -z "${USER_NAME-}" ] || set -- "$@" "$USER_NAME" "$USER_PASSWORD"
    for suite in $SUITES; do
        run_suite "$suite" "$@" || failed=1
    done
    [ "$MODE" = plain ] || beats_were_sent || failed=1
    [ -z "$own" ] || server_stop
    return $failed
}

main "$@"
