# shellcheck shell=bash
# A Holdfast of one's own for a test in bash. To be sourced; see holdfast.py for the environment.
#
#   server_start OPTIONS...   sets URL, HOST, PORT, PID; serves $ROOT (made if needed), logs to $WORK/log;
#                             with SHARES="NAME..." set, these folders in $ROOT, each at /of/NAME/
#   server_stop               orderly; status 0 is demanded
#
# With HOLDFAST_SECURED the server has users and TLS (secured.py), and the clients are told how to get in: by files
# in $WORK, which is HOME for most of them, and by the environment. A script with users of its own is skipped.
#
# $WORK is a temporary folder; it and the server go away with the script.

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
WORK=$(mktemp -d "${TMPDIR:-/tmp}/holdfast-test-XXXXXX")
ROOT=$WORK/root
STATE=$WORK/state
PID=
export LC_ALL=C.UTF-8
cleanups=()

cleanup() {
    local status=$? i
    set +e
    for ((i = ${#cleanups[@]} - 1; i >= 0; i--)); do
        ${cleanups[i]} || true
    done
    if [ -n "$PID" ]; then
        [ "$status" = 0 ] || tail -n 25 "$WORK/log"
        kill -9 "$PID" 2>/dev/null
        wait "$PID" 2>/dev/null
    fi
    rm -rf "$WORK"
    exit "$status"
}
trap cleanup EXIT
trap 'exit 143' TERM INT

# at_exit COMMAND : run, words split, before the rest is cleaned up; the last one first
at_exit() {
    cleanups+=("$*")
}

fail() {
    printf 'failed: %s\n' "$*"
    exit 1
}

skip() {
    printf '%s\n' "$*"
    exit 77
}

# same ACTUAL WANTED WHAT
same() {
    [ "$1" = "$2" ] || fail "$3: got '$1', want '$2'"
}

# wait_for SECONDS WHAT COMMAND... : until the command succeeds
wait_for() {
    local seconds=$1 what=$2 end
    shift 2
    end=$((SECONDS + seconds * ${HOLDFAST_PATIENCE:-1} + 1))
    until "$@"; do
        [ "$SECONDS" -lt "$end" ] || fail "never happened: $what"
        sleep 0.02
    done
}

server_said() {
    kill -0 "$PID" 2>/dev/null || fail "the server did not start: $(cat "$WORK/log")"
    grep -q '^holdfast: serving ' "$WORK/out"
}

# Writes the configuration of $SHARES, and prints its name.
share_config() {
    local name
    for name in $SHARES; do
        mkdir -p "$ROOT/$name"
        printf '[share %s]\nroot = %s\nprefix = /of/%s\n' "$name" "$ROOT/$name" "$name"
    done >"$WORK/holdfast.conf"
    printf '%s\n' "$WORK/holdfast.conf"
}

# cadaver trusts whom the system trusts, and nobody else where there is no terminal: so it has a system of its own.
secure_cadaver() {
    mkdir -p "$WORK/bin"
    printf '#!/bin/sh\nexec unshare -rm sh -c '\''mount --bind "%s" /etc/ssl/certs/ca-certificates.crt && exec "%s" "$@"'\'' sh "$@"\n' \
        "$USER_CA" "$(command -v cadaver)" >"$WORK/bin/cadaver"
    chmod +x "$WORK/bin/cadaver"
    PATH=$WORK/bin:$PATH
}

# For curl; for cadaver, git and whoever else reads .netrc; for rclone.
secure_clients() {
    printf 'user = "%s:%s"\ncacert = "%s"\n' "$USER_NAME" "$USER_PASSWORD" "$USER_CA" >"$WORK/.curlrc"
    printf 'machine 127.0.0.1\nlogin %s\npassword %s\n' "$USER_NAME" "$USER_PASSWORD" >"$WORK/.netrc"
    chmod 600 "$WORK/.netrc"
    export CURL_HOME=$WORK GIT_SSL_CAINFO=$USER_CA RCLONE_CA_CERT=$USER_CA RCLONE_WEBDAV_USER=$USER_NAME
    if command -v rclone >/dev/null; then
        RCLONE_WEBDAV_PASS=$(env -u LD_PRELOAD rclone obscure "$USER_PASSWORD")
        export RCLONE_WEBDAV_PASS
    fi
    ! command -v cadaver >/dev/null || secure_cadaver
}

# secure_davfs2 : adds to $WORK/davfs2.conf what lets davfs2 in, where there is anything to
secure_davfs2() {
    [ -n "${HOLDFAST_SECURED-}" ] || return 0
    printf 'trust_ca_cert %s\nsecrets %s\n' "$USER_CA" "$WORK/secrets" >>"$WORK/davfs2.conf"
    printf '%s/ %s %s\n' "$URL" "$USER_NAME" "$USER_PASSWORD" >"$WORK/secrets"
    chmod 600 "$WORK/secrets"
}

# Sets `secured`, the options for the server, and USER_NAME, USER_PASSWORD, USER_CA; none without HOLDFAST_SECURED.
secure() {
    local lines
    secured=()
    [ -n "${HOLDFAST_SECURED-}" ] || return 0
    case " $* " in *' --users '* | *' --tls-cert '*) skip "it has users or a certificate of its own, and runs so anyway" ;; esac
    lines=$(env -u LD_PRELOAD "$TOP/tests/wire/secured.py" "$@")
    mapfile -t secured <<<"$lines"
    USER_NAME=${secured[0]} USER_PASSWORD=${secured[1]} USER_CA=${secured[2]}
    secured=("${secured[@]:3}")
    secure_clients
}

server_start() {
    local what=("$ROOT") secured
    mkdir -p "$ROOT"
    secure "$@"
    [ -z "${SHARES-}" ] || what=(--config "$(share_config)")
    : >"$WORK/out"
    # shellcheck disable=SC2086
    ${HOLDFAST_WRAP-} "${HOLDFAST:-$TOP/build/holdfast}" serve --listen 127.0.0.1:0 --state "$STATE" "${secured[@]}" "$@" "${what[@]}" \
        >"$WORK/out" 2>>"$WORK/log" &
    PID=$!
    wait_for 20 "the server serves" server_said
    URL=$(sed -nE '1s,^holdfast: serving .* at (https?://[^/]*)/.*,\1,p' "$WORK/out")
    HOST=${URL#*://}
    PORT=${HOST##*:}
    HOST=${HOST%:*}
}

nothing_hidden() {
    [ -z "$(find "$ROOT" -xdev -name '.holdfast*' -print -quit 2>/dev/null)" ]
}

server_stop() {
    local status=0
    wait_for 15 "what was deleted is purged" nothing_hidden
    kill "$PID"
    wait "$PID" || status=$?
    PID=
    same "$status" 0 "the server's exit status"
    if grep -qE 'ERROR: (Address|Leak)Sanitizer|WARNING: ThreadSanitizer|runtime error:|[Aa]ssertion ' "$WORK/log"; then
        fail "$(grep -m 1 -A 30 -E 'Sanitizer|runtime error:|[Aa]ssertion ' "$WORK/log")"
    fi
    same "$(find "$ROOT" -xdev -name '.holdfast*' 2>/dev/null)" '' "strays in the folder"
}

# certificate : makes $WORK/cert.pem and $WORK/key.pem
certificate() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost \
        -keyout "$WORK/key.pem" -out "$WORK/cert.pem" 2>/dev/null
}
