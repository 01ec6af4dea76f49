#!/bin/bash
# A built program has what hardens it (CMakeLists.txt, HOLDFAST_HARDEN): hardening.sh PROGRAM...
#
# As the linker and the loader see it, not as flags were meant: a build that lost one of them would work all the same.
set -eu
export LC_ALL=C

failed=0

# expect PROGRAM WHAT COMMAND... : the command succeeds
expect() {
    local program=$1 what=$2
    shift 2
    "$@" || {
        printf '%s: %s\n' "$program" "$what"
        failed=1
    }
}

has() {
    grep -qE -- "$1" <<<"$2"
}

hasnt() {
    ! has "$@"
}

check() {
    local program=$1 head dynamic symbols entry
    head=$(readelf -hlW "$program")
    dynamic=$(readelf -dW "$program")
    symbols=$(readelf --dyn-syms -W "$program")
    entry=$(objdump -d --no-show-raw-insn --disassemble=main "$program")
    expect "$program" 'its addresses are not random (PIE)' has 'Type: +DYN' "$head"
    expect "$program" 'its stack can be run' has 'GNU_STACK .* RW +0x' "$head"
    expect "$program" 'something can be written and run' hasnt 'LOAD .* RWE ' "$head"
    expect "$program" 'it has no RELRO' has 'GNU_RELRO' "$head"
    expect "$program" 'symbols are bound late, RELRO is not full' has 'BIND_NOW|Flags:.* NOW' "$dynamic"
    expect "$program" 'code is relocated' hasnt 'TEXTREL' "$dynamic"
    expect "$program" 'libraries are searched for in a folder of the build' hasnt 'RPATH|RUNPATH' "$dynamic"
    expect "$program" 'it has no stack protector' has '__stack_chk_fail' "$symbols"
    expect "$program" 'nothing is fortified' has '__(snprintf|vsnprintf|memcpy|fprintf|printf)_chk' "$symbols"
    case $(uname -m) in
    # Debian's own start files are not marked for it, so it is the code that is looked at.
    x86_64) expect "$program" 'jumps do not land on endbr64 (CET)' has 'endbr64' "$entry" ;;
    esac
}

for program; do
    check "$program"
done
exit $failed
