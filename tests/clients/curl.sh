#!/bin/bash
# curl: upload, download, resume, listing, and a COPY of a large tree that shows 102s and keeps the connection.
set -eu
HERE=$(cd "$(dirname "$0")" && pwd)
. "$HERE/../wire/server.sh"
. "$HERE/names.sh"
command -v curl >/dev/null || skip "curl is not installed"

code() {
    curl -sS -o /dev/null -w '%{http_code}' "$@"
}

encode() {
    python3 -c 'import sys, urllib.parse; print(urllib.parse.quote(sys.argv[1], safe=""))' "$1"
}

slow=${HOLDFAST_SLOW_LIB:-$TOP/build/tests/slow.so}
[ -f "$slow" ] || skip "no slow.so"
export LD_PRELOAD="${HOLDFAST_PRELOAD-} $slow" HOLDFAST_SLOW_MATCH=large-tree
export HOLDFAST_SLOW=ficlone=1,copy_file_range=1,sendfile=1,read=1
server_start --heartbeat 0.1
unset LD_PRELOAD HOLDFAST_SLOW HOLDFAST_SLOW_MATCH

# Upload (curl sends Expect: 100-continue above 1 MB), download, resume, head.
head -c 5000000 /dev/urandom >"$WORK/data"
same "$(code -T "$WORK/data" "$URL/up")" 201 "PUT"
same "$(code -T "$WORK/data" "$URL/up")" 204 "PUT again"
same "$(code -T - "$URL/piped" <"$WORK/data")" 201 "PUT from a pipe, chunked"
cmp "$WORK/data" "$ROOT/piped"
curl -sS -o "$WORK/back" "$URL/up"
cmp "$WORK/data" "$WORK/back"
head -c 1000000 "$WORK/data" >"$WORK/part"
curl -sS -C - -o "$WORK/part" "$URL/up"
cmp "$WORK/data" "$WORK/part"
same "$(code -z "$WORK/back" "$URL/up")" 304 "not modified"

for name in "${NAMES[@]}"; do
    printf '%s\n' "$name" >"$WORK/name"
    target=$URL/$(encode "$name")
    same "$(code -T "$WORK/name" "$target")" 201 "PUT $name"
    same "$(curl -sS "$target")" "$name" "GET $name"
    same "$(code -X MOVE -H "Destination: $URL/$(encode "moved $name")" "$target")" 201 "MOVE $name"
    same "$(cat "$ROOT/moved $name")" "$name" "moved $name"
    same "$(code -X DELETE "$URL/$(encode "moved $name")")" 204 "DELETE $name"
done

# A large tree: several 102s, then 201, and the same connection serves the next request.
for i in $(seq 20); do
    mkdir -p "$ROOT/large-tree/d$i"
    for j in $(seq 100); do
        echo "$i/$j" >"$ROOT/large-tree/d$i/f$j"
    done
done
curl -sS -v -X COPY -H "Destination: $URL/copy" "$URL/large-tree" \
    --next ${CURL_HOME:+-K "$CURL_HOME/.curlrc"} -sS -v -o "$WORK/back" "$URL/copy/d20/f100" \
    >"$WORK/verbose" 2>&1
interims=$(grep -c '^< HTTP/1.1 102 Processing' "$WORK/verbose" || true)
[ "$interims" -ge 3 ] || fail "$interims interims: $(tail -n 60 "$WORK/verbose")"
grep -q '^< HTTP/1.1 201 Created' "$WORK/verbose" || fail "no 201: $(tail -n 60 "$WORK/verbose")"
grep -q '^\* Re-using existing connection' "$WORK/verbose" || fail "the connection was not used again: $(cat "$WORK/verbose")"
same "$(cat "$WORK/back")" 20/100 "the next answer"
diff -r "$ROOT/large-tree" "$ROOT/copy"
curl -sS -v --http1.0 -X COPY -H "Destination: $URL/copy2" "$URL/large-tree" >"$WORK/verbose" 2>&1
same "$(grep -c '^< HTTP/1.[01] 102' "$WORK/verbose")" 0 "interims to HTTP/1.0"
same "$(grep -c '^< HTTP/1.[01] 201' "$WORK/verbose")" 1 "the answer to HTTP/1.0"

same "$(code -X PROPFIND -H 'Depth: infinity' "$URL/")" 207 "PROPFIND"
same "$(code -X DELETE "$URL/large-tree")" 204 "DELETE"
server_stop
