#!/usr/bin/env bash
# Records programs of Debian, single- and multi-threaded, and verifies every trace; the program's
# output must be the same as without. Anyone can run it; what is not installed is skipped.
#
#   tests/record_programs.sh [PROGRAM...]
#
# HEAPMARK names the program to test (default: ./heapmark). Prints a line a program; the exit status
# is 1 when one failed.
set -u
cd "$(dirname "$0")/.."
HEAPMARK=${HEAPMARK:-$PWD/heapmark}
root=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
failed=0

seq 1 60000 | awk '{ print $1 * 7919 % 60013, "line", $1 }' >words
{ echo '#include <stdio.h>'; for i in $(seq 60); do echo "int f$i(int *a, int n) { int s = $i; for (int j = 0; j < n; j++) s += a[j] * (j ^ $i); return s; }"; done; } >many.c
{ echo '(declare-const x Int)(declare-const y Int)'; for i in $(seq 40); do echo "(push)(assert (and (> (+ (* $i x) y) $i) (= (mod (+ x y) 7) 3)))(check-sat)(pop)"; done; } >a.smt2

# try NAME COMMAND...: plain, then recorded; stdout must be equal, and each file without a mistake.
try() {
    local name=$1 files operations plain=0 recorded=0
    shift
    case " $wanted " in *" $name "* | "  ") ;; *) return ;; esac
    type -P "$1" >/dev/null || { echo "skip $name: not installed"; return; }
    rm -f -- *.hmt
    "$@" >plain.out 2>plain.err </dev/null || plain=$?
    "$HEAPMARK" record -o run.hmt -- "$@" >recorded.out 2>recorded.err </dev/null || recorded=$?
    files=$(ls -- *.hmt 2>/dev/null | wc -l)
    operations=$(sed -nE 's/^heapmark record: .*, ([0-9]+) operations.*/\1/p' recorded.err | awk '{ n += $1 } END { print n + 0 }')
    if [ "$recorded" != "$plain" ]; then
        echo "FAIL $name: exit status $recorded, not $plain"
    elif ! cmp -s plain.out recorded.out; then
        echo "FAIL $name: another output than without"
    elif [ "$files" = 0 ] || [ "$operations" = 0 ]; then
        echo "FAIL $name: nothing was recorded"
    elif grep -qE ' lost|unrecorded' recorded.err; then
        echo "FAIL $name: $(grep -E ' lost|unrecorded' recorded.err | head -n 1)"
    else
        for file in *.hmt; do
            "$HEAPMARK" trace verify "$file" >verified 2>&1 && continue
            echo "FAIL $name: $(tail -n 1 verified)"
            failed=1
            return
        done
        echo "ok   $name: $operations operations, $files files"
        return
    fi
    failed=1
}

wanted=$*
python=/usr/bin/python3
cat >server.sh <<'E2'
dir=$(mktemp -d) && cd "$dir" || exit 1
redis-server --port 0 --unixsocket "$dir/s" --save '' --daemonize no --io-threads 2 >/dev/null &
for i in $(seq 100); do redis-cli -s "$dir/s" ping >/dev/null 2>&1 && break; sleep 0.05; done
for i in $(seq 200); do echo "set key$i value$i"; echo "rpush list $i"; done | redis-cli -s "$dir/s" >/dev/null
redis-cli -s "$dir/s" llen list
redis-cli -s "$dir/s" shutdown nosave
wait
rm -rf "$dir"
E2
try sqlite3 sqlite3 :memory: "create table t(a, b); with recursive n(x) as (select 1 union all select x+1 from n where x<20000) insert into t select x, hex(x) from n; create index i on t(b); select count(*), sum(length(b)) from t;"
try python3 $python -c 'import json; print(len(json.dumps([{"a": i, "b": str(i)} for i in range(20000)])))'
try python3-malloc env PYTHONMALLOC=malloc $python -c 'print(sum(len(str(i)) for i in range(100000)))'
try python3-threads $python -c 'import threading, zlib
def work(n): r[n] = sum(len(zlib.compress(bytes(str(i), "ascii") * 50)) for i in range(1000))
r = [0] * 4; ts = [threading.Thread(target=work, args=(n,)) for n in range(4)]; [t.start() for t in ts]; [t.join() for t in ts]; print(r)'
try perl perl -e 'my %h; $h{$_ % 5000} .= "x$_" for 1..100000; print scalar(keys %h), length(join "", values %h), "\n"'
try lua5.4 lua5.4 -e 'local t = {} for i = 1, 100000 do t[i % 500] = {i, tostring(i)} end print(#t)'
try gcc gcc -O2 -S -o - many.c
try git git -C "$root" --no-pager log -p -n 5
try sort sort --parallel=2 -S 10M words
try xz xz -T2 --block-size=100KiB -kc words
try z3 z3 a.smt2
try node node --jitless -e 'let m = new Map(); for (let i = 0; i < 20000; i++) m.set("k" + i, {i}); console.log(m.size)'
try redis-server sh server.sh
exit $failed
