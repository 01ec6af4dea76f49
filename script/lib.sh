# shellcheck shell=bash
# What the scripts here share: finding and installing packages, building. To be sourced by bash.

HOLDFAST_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=script/packages
. "$HOLDFAST_ROOT/script/packages"

# Names and messages of every tool below are the same everywhere, and file names are UTF-8.
export LC_ALL=C.UTF-8

say() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
}

die() {
    say "$@"
    exit 1
}

# packages_missing NAME... : prints those that are not installed
packages_missing() {
    local name
    for name in "$@"; do
        case $(dpkg-query -W -f='${db:Status-Abbrev}' "$name" 2>/dev/null) in
        ?i*) ;;
        *) printf '%s\n' "$name" ;;
        esac
    done
}

# While packages are installed no daemon of theirs may start (nginx, varnish and others would).
services_held=
services_hold() {
    [ -e /usr/sbin/policy-rc.d ] && return
    printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
    chmod +x /usr/sbin/policy-rc.d
    services_held=1
}

services_release() {
    [ -z "$services_held" ] || rm -f /usr/sbin/policy-rc.d
    services_held=
}

# packages_need NAME... : installs what is missing; asks nothing; no network if nothing is missing
packages_need() {
    local missing
    mapfile -t missing < <(packages_missing "$@")
    [ "${#missing[@]}" -gt 0 ] || return 0
    [ "$(id -u)" = 0 ] || die "these packages are missing, install them or run this as root: ${missing[*]}"
    say "installing: ${missing[*]}"
    (
        trap services_release EXIT
        services_hold
        export DEBIAN_FRONTEND=noninteractive
        apt-get -qq update >&2
        apt-get -qq -y -o Dpkg::Use-Pty=0 install --no-install-recommends "${missing[@]}" </dev/null >&2
    )
}

# build NAME [CMAKE-OPTION...] : configures and builds into the folder NAME of the tree
build() {
    local dir=$HOLDFAST_ROOT/$1
    shift
    cmake -S "$HOLDFAST_ROOT" -B "$dir" "$@" >"$dir.log" 2>&1 &&
        cmake --build "$dir" -j "$(nproc)" >>"$dir.log" 2>&1 || {
        tail -n 40 "$dir.log" >&2
        say "the build failed; all of it is in $dir.log"
        return 1
    }
    rm -f "$dir.log"
}
