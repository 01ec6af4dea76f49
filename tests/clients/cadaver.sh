#!/bin/bash
# cadaver, all its verbs: folders, files, copies, moves, properties, locks, hostile names.
set -eu
HERE=$(cd "$(dirname "$0")" && pwd)
. "$HERE/../wire/server.sh"
. "$HERE/names.sh"
. "$HERE/talk.sh"
command -v cadaver >/dev/null || skip "cadaver is not installed"

# What cadaver's own command line needs for a name.
quoted() {
    local name=${1//\\/\\\\}
    printf '"%s"' "${name//\"/\\\"}"
}

mkdir "$WORK/local"
server_start
echo 'some content' >"$WORK/local/a.txt"
echo 'more content' >"$WORK/local/b.txt"

run 0 'mkcol one' 'mkcol one/two' 'cd one' 'pwd' 'put a.txt' 'put a.txt renamed.txt' 'ls' 'cd ..' 'ls'
said 'a.txt'
said 'Coll: *one'
cmp "$WORK/local/a.txt" "$ROOT/one/renamed.txt"

run 0 'cd one' 'get renamed.txt back.txt' 'cat a.txt' 'mput a.txt b.txt' 'mget b.txt'
said 'some content'
cmp "$WORK/local/back.txt" "$WORK/local/a.txt"
cmp "$ROOT/one/b.txt" "$WORK/local/b.txt"

run 0 'copy one/a.txt one/two' 'move one/renamed.txt one/two/moved.txt' 'copy one/ three/' 'move three/ four/'
cmp "$ROOT/four/two/moved.txt" "$WORK/local/a.txt"
[ ! -e "$ROOT/three" ] || fail "three is still there"
[ ! -e "$ROOT/one/renamed.txt" ] || fail "renamed.txt is still there"

run 0 'cd four' 'propset a.txt colour blue' 'propget a.txt colour' 'propnames a.txt' 'propdel a.txt colour' \
    'propget a.txt' 'chexec + a.txt'
said 'blue'
[ -x "$ROOT/four/a.txt" ] || fail "chexec + did not make it executable"

run 0 'lock four/a.txt' 'discover four/a.txt' 'showlocks' 'put b.txt four/a.txt' 'unlock four/a.txt' \
    'lock four/' 'unlock four/'
said 'exclusive'
cmp "$ROOT/four/a.txt" "$WORK/local/b.txt"

# A lock of one session stops the other; steal takes it over.
token=$(curl -sS -X LOCK -H 'Timeout: Second-600' --data-binary '<D:lockinfo xmlns:D="DAV:"><D:lockscope><D:exclusive/></D:lockscope><D:locktype><D:write/></D:locktype></D:lockinfo>' -D - -o /dev/null "$URL/four/b.txt" | tr -d '\r' | sed -nE 's/^[Ll]ock-[Tt]oken: //p')
[ -n "$token" ] || fail "no token"
run 1 'put a.txt four/b.txt'
run 0 'steal four/b.txt' 'put a.txt four/b.txt' 'unlock four/b.txt'

run 0 'delete four/a.txt' 'delete one/a.txt one/b.txt' 'rmcol four/' 'rmcol one/'
wait_for 15 "what was deleted is purged" nothing_hidden
same "$(find "$ROOT" -mindepth 1)" '' "left in the folder"

# Hostile names: into each folder and out again.
for name in "${NAMES[@]}"; do
    rm -rf "${ROOT:?}"/*
    case $name in *\**) continue ;; esac # cadaver itself takes these for patterns
    case $name in *\?* | *\[*) continue ;; esac
    q=$(quoted "$name")
    printf '%s\n' "$name" >"$WORK/local/$name"
    run 0 "mkcol $(quoted "dir $name")" "cd $(quoted "dir $name")" "put $q" 'ls' "get $q back" "copy $q copy" \
        "move copy $(quoted "moved $name")" "lock $q" "put $q" "unlock $q" 'cd ..' "move $(quoted "dir $name") new"
    cmp "$ROOT/new/$name" "$WORK/local/$name"
    cmp "$ROOT/new/moved $name" "$WORK/local/back"
    run 0 'cd new' "delete $q" "delete $(quoted "moved $name")" 'cd ..' 'rmcol new'
    wait_for 15 "what was deleted is purged" nothing_hidden
    same "$(find "$ROOT" -mindepth 1)" '' "left of $name"
    rm -f "$WORK/local/$name" "$WORK/local/back"
done
server_stop
