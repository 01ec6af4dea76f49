#!/bin/bash
# systemd takes the unit and the example of a socket as they are, and docs/deploy.md states their true score.
set -eu
TOP=$(cd "$(dirname "$0")/../.." && pwd)
HOLDFAST=$(realpath "${HOLDFAST:-$TOP/build/holdfast}")
WORK=$(mktemp -d "${TMPDIR:-/tmp}/holdfast-unit-XXXXXX")
trap 'rm -rf "$WORK"' EXIT

command -v systemd-analyze >/dev/null || {
    echo "systemd-analyze is not installed"
    exit 77
}
# It wants to find the program.
sed "s,/usr/bin/holdfast,$HOLDFAST," "$TOP/packaging/holdfast.service" >"$WORK/holdfast.service"
cp "$TOP/packaging/holdfast.socket" "$WORK/"
systemd-analyze verify --man=no --recursive-errors=no "$WORK/holdfast.service" "$WORK/holdfast.socket" >"$WORK/said" 2>&1 || {
    cat "$WORK/said"
    exit 1
}
# Names that it does not know are no errors to it.
! grep . "$WORK/said" || exit 1
score=$(systemd-analyze security --no-pager --offline=true "$WORK/holdfast.service" | sed -nE 's/.*Overall exposure level for [^:]*: ([0-9.]+).*/\1/p')
grep -qF "calls the unit *OK*: $score " "$TOP/docs/deploy.md" || {
    echo "docs/deploy.md does not state the score, $score"
    exit 1
}
