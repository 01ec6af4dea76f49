#!/bin/bash
# What the Containerfile does in its last stage, done in a minimal Debian: the commands as they stand there, and the
# program as its user. Layers and the first stage (script/package) are not tried: that takes an engine.
set -eu
. "$(dirname "$0")/../../script/lib.sh"
. "$HOLDFAST_ROOT/tests/packages/minimal"

# words INSTRUCTION: of a JSON list, which here has no escapes
words() {
    sed -nE "s/^$1 \[(.*)\]$/\1/p" "$HOLDFAST_ROOT/Containerfile" | sed 's/", "/\n/g; s/^"//; s/"$//'
}

inside() {
    local command user status
    [ "$(sed -n 's,^RUN /holdfast/,,p' "$HOLDFAST_ROOT/Containerfile")" = 'script/package --to /srv' ] || fail "the first stage"
    cp "$WORK"/*.deb "$JAIL/tmp/"
    while read -r command; do
        root_run "$JAIL" sh -ec "$command" </dev/null >"$WORK/said" 2>&1 || fail "$command"
    done < <(sed -n '/^COPY --from/,$s/^RUN //p' "$HOLDFAST_ROOT/Containerfile")
    user=$(sed -n 's/^USER //p' "$HOLDFAST_ROOT/Containerfile")
    [ "$(root_run "$JAIL" id -u "$user")" = 700 ] || fail "the user's number"
    mapfile -t command < <(words ENTRYPOINT && words CMD)
    root_run "$JAIL" sh -c 'echo $$ >/run/pid; exec setpriv --reuid "$0" --regid "$0" --init-groups "$@"' "$user" \
        "${command[@]}" >"$WORK/said" 2>&1 </dev/null &
    until grep -q '^holdfast: serving ' "$WORK/said"; do
        kill -0 $! || fail "it ended"
        sleep 0.1
    done
    status=$(curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:8080/)
    [ "$status" = 401 ] || fail "it answers $status"
    kill "$(cat "$JAIL/run/pid")"
    wait $! || fail "it ended with status $?"
}

minimal_main "$@"
