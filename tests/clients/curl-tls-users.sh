#!/bin/bash
# curl over TLS with a user: the certificate is checked, --anyauth finds Basic, large bodies come through.
set -eu
. "$(dirname "$0")/../wire/server.sh"
command -v curl >/dev/null || skip "curl is not installed"
certificate
echo 'swordfish' | ${HOLDFAST_WRAP-} "${HOLDFAST:-$TOP/build/holdfast}" passwd "$WORK/users" alice
server_start --tls-cert "$WORK/cert.pem" --tls-key "$WORK/key.pem" --users "$WORK/users"
HOST_URL=https://localhost:$PORT
curl_() {
    curl -sS --cacert "$WORK/cert.pem" --resolve "localhost:$PORT:127.0.0.1" "$@"
}
same "$(curl_ -o /dev/null -w '%{http_code}' "$HOST_URL/")" 401 "no password"
same "$(curl_ -u alice:wrong -o /dev/null -w '%{http_code}' "$HOST_URL/")" 401 "a wrong password"
head -c 20000000 /dev/urandom >"$WORK/data"
same "$(curl_ -u alice:swordfish --anyauth -T "$WORK/data" -o /dev/null -w '%{http_code}' "$HOST_URL/up")" 201 "PUT"
curl_ -u alice:swordfish -o "$WORK/back" "$HOST_URL/up"
cmp "$WORK/data" "$WORK/back"
same "$(grep -c swordfish "$WORK/log")" 0 "the password in the log"
server_stop
