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

SUITE=bookworm
KEEP=
JAIL=
SERVER=

cleanup() {
    local status=$? at
    set +e
    [ -z "$SERVER" ] || kill "$SERVER" 2>/dev/null
    if [ -n "$JAIL" ]; then
        for at in dev/shm dev sys proc; do
            mountpoint -q "$JAIL/$at" && umount -l "$JAIL/$at"
        done
        [ -n "$KEEP" ] || rm -rf --one-file-system "$JAIL"
    fi
    exit "$status"
}

# The address of the archive that has the suite, as apt knows it.
mirror() {
    apt-get indextargets --format '$(REPO_URI) $(CODENAME) $(SUITE) $(COMPONENT)' 2>/dev/null |
        awk -v suite="$SUITE" '($2 == suite || $3 == suite) && $4 == "main" { print $1; exit }'
}

# apt's own words about the same, where no lists have been fetched yet.
mirror_from_sources() {
    cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null |
        sed -nE "s,^deb (\[[^]]*\] )?([^ ]+) $SUITE .*\bmain\b.*,\2,p" | head -n 1
    awk -v suite="$SUITE" '/^URIs:/ { uri = $2 } /^Suites:/ && $0 ~ suite "( |$)" { found = 1 }
        /^$/ { if (found && uri) print uri; uri = ""; found = 0 }
        END { if (found && uri) print uri }' /etc/apt/sources.list.d/*.sources 2>/dev/null | head -n 1
}

make_root() {
    local from
    from=$(mirror)
    [ -n "$from" ] || from=$(mirror_from_sources | head -n 1)
    [ -n "$from" ] || die "apt's sources have no $SUITE main"
    chmod 755 "$JAIL" # mktemp made it for us alone; nobody has to get in, too
    say "making a minbase $SUITE"
    debootstrap --variant=minbase "$SUITE" "$JAIL" "$from" >"$JAIL.log" 2>&1 || {
        tail -n 20 "$JAIL.log" >&2
        die "debootstrap failed"
    }
    rm -f "$JAIL.log"
    # The way to the archive, if this machine needs one (a proxy, a cache).
    apt-config dump | grep -iE '^Acquire::(http|https)::Proxy' >"$JAIL/etc/apt/apt.conf.d/90proxy" || true
    cp /etc/resolv.conf "$JAIL/etc/resolv.conf" 2>/dev/null || true
}

mount_root() {
    mount -t proc proc "$JAIL/proc"
    mount -t sysfs sysfs "$JAIL/sys"
    mount --bind /dev "$JAIL/dev"
    mount --make-rprivate "$JAIL/dev" # or what is mounted below would appear outside
    mount -t tmpfs tmpfs "$JAIL/dev/shm"
}

copy_tree() {
    rm -rf "$JAIL/holdfast"
    mkdir "$JAIL/holdfast"
    tar -C "$HOLDFAST_ROOT" --exclude='./build*' --exclude=./.git --exclude=__pycache__ -cf - . | tar -C "$JAIL/holdfast" -xf -
}

inside() {
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb chroot "$JAIL" "$@"
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
    [ -x "$JAIL/bin/bash" ] || make_root
    mount_root
    copy_tree
    try_server
    inside /holdfast/script/test "$@"
    say "a second time: nothing may be installed"
    ! inside /holdfast/script/test check 2>&1 | grep 'installing' || die "the second run installs again"
    echo PASS
}

main "$@"
