#!/bin/bash
# Do the two commands work on a fresh Debian 12? Makes a minbase root, copies this tree into it, runs
# script/server and script/test there as they stand. As root; needs debootstrap and some 2 GB.
#
#   tests/setup/chroot.sh [--keep DIR] [ARGUMENTS of script/test]
#
# Packages come from where this machine's apt gets its own. --keep leaves the root in DIR and uses it
# again if it is there.
set -eu
. "$(dirname "$0")/../../script/lib.sh"

. "$HOLDFAST_ROOT/tests/setup/root.sh"

KEEP=
JAIL=
SERVER=

cleanup() {
    local status=$?
    set +e
    [ -z "$SERVER" ] || kill "$SERVER" 2>/dev/null
    if [ -n "$JAIL" ]; then
        root_unmount "$JAIL"
        [ -n "$KEEP" ] || rm -rf --one-file-system "$JAIL"
    fi
    exit "$status"
}

copy_tree() {
    rm -rf "$JAIL/holdfast"
    mkdir "$JAIL/holdfast"
    tar -C "$HOLDFAST_ROOT" --exclude='./build*' --exclude=./.git --exclude=__pycache__ -cf - . | tar -C "$JAIL/holdfast" -xf -
}

inside() {
    root_run "$JAIL" "$@"
}

# script/server as the README has it, with port 0; then a request that needs nothing installed.
try_server() {
    local line port answer log=$JAIL/tmp/server.log
    mkdir -p "$JAIL/srv/files"
    echo hello >"$JAIL/srv/files/hello.txt"
    : >"$log"
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb chroot "$JAIL" \
        /holdfast/script/server /srv/files --listen 127.0.0.1:0 --state /var/lib/holdfast >"$log" 2>&1 &
    SERVER=$!
    until line=$(grep '^holdfast: serving ' "$log"); do
        kill -0 "$SERVER" 2>/dev/null || {
            cat "$log" >&2
            die "script/server ended"
        }
        sleep 0.2
    done
    port=${line##*:}
    port=${port%/}
    exec 3<>"/dev/tcp/127.0.0.1/$port"
    printf 'GET /hello.txt HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' >&3
    answer=$(cat <&3)
    exec 3>&-
    case $answer in
    HTTP/1.1\ 200*hello) ;;
    *) die "script/server answers: $answer" ;;
    esac
    kill "$SERVER"
    wait "$SERVER" || die "script/server ended with status $?"
    SERVER=
    sed 's/^/    /' "$log" | grep -E 'installing|serving' || true
    say "script/server serves"
}

main() {
    [ "$(id -u)" = 0 ] || die "this needs root"
    command -v debootstrap >/dev/null || packages_need debootstrap
    if [ "${1-}" = --keep ]; then
        KEEP=$2
        shift 2
    fi
    trap cleanup EXIT
    trap 'exit 143' TERM INT
    JAIL=${KEEP:-$(mktemp -d "${TMPDIR:-/tmp}/holdfast-chroot-XXXXXX")}
    [ -x "$JAIL/bin/bash" ] || root_make "$JAIL"
    root_mount "$JAIL"
    copy_tree
    try_server
    inside /holdfast/script/test "$@"
    say "a second time: nothing may be installed"
    ! inside /holdfast/script/test check 2>&1 | grep 'installing' || die "the second run installs again"
    echo PASS
}

main "$@"
