# shellcheck shell=bash
# Talking to cadaver, and hearing what it says. To be sourced.

# cadaver ends with 0 whatever happened: its words are what we have. run EXPECT-FAILURES COMMANDS...
run() {
    local failures=$1
    shift
    # By a pipe it asks nothing; the last line ends it.
    (cd "$WORK/local" && printf '%s\n' "$@" quit | HOME=$WORK timeout 60 cadaver "$URL/") >"$WORK/said" 2>&1 ||
        fail "cadaver ended with $?: $(cat "$WORK/said")"
    same "$(grep -ciE 'failed|could not|error|unknown command|no such|invalid' "$WORK/said")" "$failures" \
        "failures in: $(cat "$WORK/said")"
}

said() {
    grep -qE -- "$1" "$WORK/said" || fail "cadaver did not say $1: $(cat "$WORK/said")"
}
