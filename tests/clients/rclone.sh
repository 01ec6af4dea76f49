#!/bin/bash
# rclone: copy, check, sync, move, delete, with hostile names; as plain WebDAV and in its ownCloud mode.
set -eu
HERE=$(cd "$(dirname "$0")" && pwd)
. "$HERE/../wire/server.sh"
. "$HERE/names.sh"
command -v rclone >/dev/null || skip "rclone is not installed"
export RCLONE_CONFIG=$WORK/rclone.conf HOME=$WORK

mkdir -p "$WORK/local/sub/deep"
for name in "${NAMES[@]}"; do
    printf '%s\n' "$name" >"$WORK/local/sub/$name"
done
head -c 3000000 /dev/urandom >"$WORK/local/sub/deep/large"
find "$WORK/local" -type f -exec touch -d '2020-02-03 04:05:06Z' {} +
# rclone takes a backslash for a separator of its own.
rm -f "$WORK/local/sub/back\\slash.txt"

run() {
    timeout 100 rclone --retries 1 --low-level-retries 1 "$@" >"$WORK/said" 2>&1 || fail "rclone $*: $(tail -n 20 "$WORK/said")"
}

server_start
for vendor in other owncloud; do
    rm -rf "${ROOT:?}"/*
    printf '[dav]\ntype = webdav\nurl = %s/\nvendor = %s\n' "$URL" "$vendor" >"$RCLONE_CONFIG"
    run copy "$WORK/local" dav:one
    run check --download "$WORK/local" dav:one
    if [ "$vendor" = owncloud ]; then # by the digests that it sent
        run check "$WORK/local" dav:one
        same "$(grep -c 'could not be checked' "$WORK/said")" 0 "files without a digest"
    fi
    diff -r "$WORK/local" "$ROOT/one"
    if [ "$vendor" = owncloud ]; then
        same "$(stat -c %Y "$ROOT/one/sub/two words.txt")" 1580702706 "modification time"
    fi
    run sync "$WORK/local" dav:one
    same "$(grep -c 'Copied' "$WORK/said")" 0 "copied again though nothing changed"
    echo changed >"$WORK/local/sub/plain.txt"
    rm "$WORK/local/sub/grün.txt"
    run sync "$WORK/local" dav:one
    diff -r "$WORK/local" "$ROOT/one"
    run copyto dav:one/sub/plain.txt dav:two/copy.txt
    run move dav:one dav:three
    diff -r "$WORK/local" "$ROOT/three"
    run cat dav:three/sub/plain.txt
    run rcat dav:three/piped <"$WORK/local/sub/deep/large"
    cmp "$ROOT/three/piped" "$WORK/local/sub/deep/large"
    run about dav:
    run purge dav:three
    [ ! -e "$ROOT/three" ] || fail "three is still there"
    printf 'x\n' >"$WORK/local/sub/grün.txt"
done
server_stop
