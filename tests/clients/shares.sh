#!/bin/bash
# cadaver and davfs2 at the root of two shares: they find them, work in them, and cannot change what is above.
set -eu
HERE=$(cd "$(dirname "$0")" && pwd)
. "$HERE/../wire/server.sh"
. "$HERE/talk.sh"
command -v cadaver >/dev/null || skip "cadaver is not installed"

try_cadaver() {
    run 0 'ls' 'cd of' 'ls' 'cd one' 'put a.txt' 'ls' 'copy a.txt b.txt' 'lock b.txt' 'put a.txt b.txt' 'unlock b.txt' \
        'cd ../two' 'mkcol new' 'ls'
    said 'Coll: *of'
    said 'Coll: *one'
    said 'Coll: *new'
    cmp "$ROOT/one/b.txt" "$WORK/local/a.txt"
    run 4 'put a.txt' 'mkcol of/new' 'rmcol of/one/' 'copy of/one/a.txt of/two/a.txt'
    said '502'
    same "$(find "$ROOT" -mindepth 1 | wc -l)" 5 "what is there"
}

unmount_at_exit() {
    ! mountpoint -q "$WORK/mount" || umount -l "$WORK/mount"
}

mount_root() {
    [ "$(id -u)" = 0 ] && command -v mount.davfs >/dev/null || return 1
    [ -c /dev/fuse ] || mknod /dev/fuse c 10 229 2>/dev/null || return 1
    mkdir -p "$WORK/cache" "$WORK/mount"
    chmod 755 "$WORK"
    chgrp davfs2 "$WORK/cache"
    chmod 775 "$WORK/cache"
    printf '%s\n' 'use_locks 1' 'ask_auth 0' 'delay_upload 0' "cache_dir $WORK/cache" 'buf_size 256' 'dir_refresh 1' \
        'file_refresh 0' >"$WORK/davfs2.conf"
    secure_davfs2
    at_exit unmount_at_exit
    mount -t davfs -o "conf=$WORK/davfs2.conf" "$URL/" "$WORK/mount" >"$WORK/mount.log" 2>&1 </dev/null
}

# Class 2 is told at the root, or davfs2 would mount without locks. It does not copy what cannot be moved.
try_davfs2() {
    same "$(ls "$WORK/mount/of")" "$(printf 'one\ntwo')" "the shares in the mount"
    cp "$WORK/local/a.txt" "$WORK/mount/of/one/c.txt"
    mv "$WORK/mount/of/one/c.txt" "$WORK/mount/of/one/d.txt"
    ! mkdir "$WORK/mount/of/new" 2>/dev/null || fail "a folder was made above the shares"
    ! echo x 2>/dev/null >"$WORK/mount/new" || fail "a file was made above the shares"
    ! mv "$WORK/mount/of/one/d.txt" "$WORK/mount/of/two/d.txt" 2>/dev/null || fail "it was moved from share to share"
    cp "$WORK/mount/of/one/d.txt" "$WORK/mount/of/two/e.txt"
    umount "$WORK/mount" >/dev/null
    cmp "$ROOT/one/d.txt" "$WORK/local/a.txt"
    cmp "$ROOT/two/e.txt" "$WORK/local/a.txt"
    grep -q '"LOCK /of/one/c.txt" 20' "$WORK/log" || fail "nothing was locked"
}

mkdir "$WORK/local"
export SHARES='one two'
server_start
echo 'some content' >"$WORK/local/a.txt"
try_cadaver
if mount_root; then
    try_davfs2
    server_stop
else
    server_stop
    skip "cadaver did all; there is no davfs2 mount to be had: $(cat "$WORK/mount.log" 2>/dev/null)"
fi
