#!/bin/bash
# No option is missing in the manual pages, which are sound; and the completion of bash knows them all.
set -eu
TOP=$(cd "$(dirname "$0")/../.." && pwd)
HOLDFAST=$(realpath "${HOLDFAST:-$TOP/build/holdfast}")
WORK=$(mktemp -d "${TMPDIR:-/tmp}/holdfast-pages-XXXXXX")
trap 'rm -rf "$WORK"' EXIT
export LC_ALL=C.UTF-8
failed=0

# expect WHAT COMMAND...
expect() {
    local what=$1
    shift
    "$@" || {
        printf 'failed: %s\n' "$what"
        failed=1
    }
}

# page NAME TEMPLATE: as one reads it
page() {
    "$TOP/packaging/man/make" "$HOLDFAST" "$TOP/packaging/man/$1.in" "$WORK/$1.gz"
    MANWIDTH=100 man --warnings -l "$WORK/$1.gz" 2>"$WORK/$1.warnings" | col -bx >"$WORK/$1"
    expect "$1 has nothing that man complains of: $(head -n 3 "$WORK/$1.warnings")" [ ! -s "$WORK/$1.warnings" ]
}

# complete_ WORD...: what there is for the last of them
complete_() {
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
    _holdfast
    printf '%s\n' "${COMPREPLY[@]}" | sort
}

try_pages() {
    local name option
    page holdfast.1
    page holdfast.conf.5
    expect "a version" grep -q "Holdfast $("$HOLDFAST" --version | cut -d' ' -f2)" "$WORK/holdfast.1"
    for option in "${options[@]}"; do
        expect "$option in holdfast(1)" grep -qE "^ +$option( |$)" "$WORK/holdfast.1"
    done
    for name in $("$HOLDFAST" check "$WORK" | sed -nE 's/^#? ?([a-z-]+) =.*/\1/p'); do
        expect "$name in holdfast.conf(5)" grep -qE "^ +$name = " "$WORK/holdfast.conf.5"
    done
    expect "prose of options" grep -q 'where locks and the journal are kept' "$WORK/holdfast.conf.5"
    expect "no key that there is not" [ "$(grep -cE '^ +(list-clients|config|help) = ' "$WORK/holdfast.conf.5")" = 0 ]
}

try_completion() {
    . "$TOP/packaging/holdfast.bash-completion"
    expect "subcommands" [ "$(complete_ "$HOLDFAST" pa)" = passwd ]
    expect "options of serve" [ "$(complete_ "$HOLDFAST" serve --)" = "$(printf '%s\n' "${options[@]}" | sort)" ]
    expect "options of passwd" [ "$(complete_ "$HOLDFAST" passwd --di)" = --digest ]
    expect "words" [ "$(complete_ "$HOLDFAST" serve --durability f)" = full ]
    expect "files" [ "$(complete_ "$HOLDFAST" serve --users "$WORK/holdfast.1.g")" = "$WORK/holdfast.1.gz" ]
    expect "nothing for a number" [ -z "$(complete_ "$HOLDFAST" serve --workers '')" ]
}

mapfile -t options < <("$HOLDFAST" serve --help | sed -nE 's/^  (--[a-z-]+).*/\1/p')
expect "options" [ "${#options[@]}" -gt 40 ]
if command -v man >/dev/null; then
    try_pages
fi
try_completion
exit $failed
