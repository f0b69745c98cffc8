#!/usr/bin/env bash
# Real programs from start to end under a preloaded allocator: what they print, the files they make
# and how they end must be as with the C library's. What is not installed is skipped.
#
#   tests/programs_under.sh LIBRARY.so [PROGRAM...]
#   tests/programs_under.sh --list
#
# Prints a line a program, with how many of its files take their malloc from the library, or that it
# brings one of its own. The exit status is 1 when one failed. Each program_NAME
# prints what is to be the same; its first line of comment names what it needs.
set -u
cd "$(dirname "$0")/.."
root=$PWD
# The same for both runs, whatever is committed meanwhile.
commit=$(git rev-parse HEAD)
export commit
for file in tests/programs/*.sh; do . "$file"; done
# names: of all programs, in the order of the files.
names() {
    sed -n 's/^program_\([a-z0-9_]*\)().*/\1/p' "$root"/tests/programs/*.sh
}
[ "${1:-}" != --list ] || { names; exit 0; }
[ -f "${1:-}" ] || { sed -n '5,6s/^# *//p' "$0" >&2; exit 2; }
library=$(realpath "$1")
shift
work=$(mktemp -d)
# Some servers start as root and go on as another user.
chmod 755 "$work"
trap 'rm -rf "$work"' EXIT

# run_program NAME OUTPUT PRELOAD: in a fresh folder that is called the same each time.
run_program() {
    local status=0
    rm -rf "$work/home" && mkdir "$work/home"
    (
        cd "$work/home" || exit 99
        export HOME=$work/home LC_ALL=C.UTF-8 TZ=UTC
        [ -z "$3" ] || export LD_PRELOAD=$3
        # Its group dies with it: servers must not stay behind.
        exec timeout --kill-after=5 "${LIMIT_SECONDS:-900}" bash -c ". '$root'/tests/programs/$(file_of "$1"); set -eu; root='$root'; program_$1"
    ) >"$2" 2>"$2.err" </dev/null || status=$?
    echo "exit status $status" >>"$2"
}
file_of() { basename "$(grep -l "^program_$1()" "$root"/tests/programs/*.sh)"; }
needs_of() { sed -n "/^program_$1()/{n;s/^ *# needs //p;}" "$root"/tests/programs/"$(file_of "$1")"; }

# served PROGRAM: how many of the files it consists of are bound to the library's malloc.
served() {
    local count
    # An executable's own malloc comes first: there, nothing preloaded is ever called.
    if nm -D --defined-only "$1" 2>/dev/null | grep -q ' T malloc$'; then
        echo "NOT SERVED: $1 brings a malloc of its own"
        return
    fi
    LD_DEBUG=bindings LD_DEBUG_OUTPUT=$work/bindings LD_BIND_NOW=1 LD_PRELOAD=$library \
        timeout 20 "$1" --version >/dev/null 2>&1 </dev/null
    count=$(cat "$work"/bindings.* 2>/dev/null | grep -F "to $library " | grep "symbol .malloc'" |
        sed 's/.*binding file \([^ ]*\).*/\1/' | sort -u | grep -vcF "$library")
    rm -f "$work"/bindings.*
    echo "$count files of $1 take malloc from $(basename "$library")"
}

failed=0
for name in ${*:-$(names)}; do
    names | grep -qx "$name" || { echo "no such program: $name" >&2; exit 2; }
    missing=
    for program in $(needs_of "$name"); do
        type -P "$program" >/dev/null || missing="$missing $program"
    done
    [ -z "$missing" ] || { echo "skip $name: not installed:$missing"; continue; }
    main=$(type -P "$(needs_of "$name" | cut -d' ' -f1)")
    run_program "$name" "$work/expected" ""
    run_program "$name" "$work/seen" "$library"
    if ! cmp -s "$work/expected" "$work/seen"; then
        echo "FAIL $name: not as with the C library's malloc"
        diff "$work/expected" "$work/seen" | head -n 10 | cut -c1-200 | sed 's/^/     | /'
        tail -n 5 "$work/seen.err" | cut -c1-200 | sed 's/^/     | /'
        failed=1
    elif grep -q 'exit status [^0]' "$work/expected"; then
        echo "FAIL $name: does not work, with no library either: $(tail -n 1 "$work/expected.err")"
        failed=1
    else
        echo "ok   $name: $(wc -l <"$work/seen") lines, $(served "$main")"
    fi
done
exit $failed
