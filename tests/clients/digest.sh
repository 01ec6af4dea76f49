#!/bin/bash
# Digest with curl and cadaver: SHA-256 is understood, and asked for once in a session.
set -eu
. "$(dirname "$0")/../wire/server.sh"
command -v curl >/dev/null || skip "curl is not installed"
command -v cadaver >/dev/null || skip "cadaver is not installed"
passwd() {
    ${HOLDFAST_WRAP-} "${HOLDFAST:-$TOP/build/holdfast}" passwd "$@"
}
echo 'swordfish' | passwd --digest "$WORK/users" alice
server_start --users "$WORK/users"
curl_() {
    curl -sS -o /dev/null -w '%{http_code}' "$@"
}
same "$(curl_ --digest -u alice:swordfish -T "$0" "$URL/up")" 201 "PUT"
same "$(curl_ --anyauth -u alice:swordfish "$URL/up?a=b")" 200 "GET"
same "$(curl_ --digest -u alice:wrong "$URL/up")" 401 "a wrong password"
same "$(curl_ -u alice:swordfish "$URL/up")" 401 "Basic"
printf 'machine %s\nlogin alice\npassword swordfish\n' "$HOST" >"$WORK/.netrc"
: >"$WORK/log"
printf 'ls\nmkcol c\nput %s c/x\nmove c d\nls d\nquit\n' "$0" | HOME=$WORK cadaver "$URL/" >"$WORK/cadaver" 2>&1
cmp "$0" "$ROOT/d/x"
same "$(grep -c '" 401 ' "$WORK/log")" 1 "requests of cadaver that were refused"
same "$(grep -c swordfish "$WORK/log")" 0 "the password in the log"
server_stop

# With both kinds of line either client finds what it can.
echo 'tuna' | passwd "$WORK/users" bob
server_start --users "$WORK/users"
same "$(curl_ --anyauth -u alice:swordfish "$URL/up")" 200 "a digest, by Digest"
same "$(curl_ -u alice:swordfish "$URL/up")" 200 "a digest, by Basic"
same "$(curl_ -u bob:tuna "$URL/up")" 200 "a hash, by Basic"
server_stop
