# heapmark compare: verdicts on changes too large to be missed, exit statuses, formats, revisions.
# Each test_* is run by tests/run in a process of its own; see there.
. tests/integration/errors.sh # store, expect, one_line, shim, forwarding

# One short workload: a pair is some 50 ms. Verdicts are asked for of effects that no noise hides,
# and of nothing at all with an alpha that makes a false alarm one in 100,000.
compare() {
    "$HEAPMARK" compare -q -w pairs:laps=3,pairs=50000 -o "$(store)" --max-pairs 12 --lockstep=never "$@"
}
status_of() { "$@" >"$TMP/out" 2>"$TMP/err" && echo 0 || echo $?; }

slow_shim() {
    shim slow "$(forwarding 'static int special(size_t n) { for (volatile int i = 0; i < 300; i++) ; return 0; }')"
}

test_slower_is_worse_and_faster_is_not() {
    slow_shim
    [ "$(status_of compare glibc "$TMP/slow.so" --gate time)" = 1 ]
    grep -qE '^ \* time .* slower$' "$TMP/out"
    grep -qE '^Result: worse: pairs.*\(time\)' "$TMP/out"
    [ "$(status_of compare "$TMP/slow.so" glibc --gate time)" = 0 ]
    grep -qE '^ \* time .* faster$' "$TMP/out"
    # Every trial of the 13 pairs and of the two inspection passes is kept, and can be shown.
    [ "$(sqlite3 "$(store)" "select count(*) from trials where status = 'ok'")" = 60 ]
    [ "$(sqlite3 "$(store)" "select count(*) from trials where status = 'planned'")" = 0 ]
    [ "$(sqlite3 "$(store)" "select distinct blocks from workloads")" = 13 ]
    "$HEAPMARK" show -i "$(store)" | grep -q glibc
}

test_the_same_is_never_worse() {
    got=$(status_of compare glibc glibc --gate time --max-pairs 20 --alpha 0.001%)
    case $got in 0 | 2) ;; *) echo "exit status $got"; cat "$TMP/out" "$TMP/err"; exit 1 ;; esac
    grep -q 'Looks after 20 pairs' "$TMP/out"
    # What repeats exactly is the same, and said to be.
    [ "$(status_of compare glibc glibc --gate syscalls)" = 0 ]
    grep -qE '^ \* syscalls .*\(exact\) +same' "$TMP/out"
}

test_more_system_calls_are_worse_when_they_gate() {
    shim calls "$(forwarding '#include <sys/mman.h>
        static int special(size_t n) { if (calls % 100 == 0)
            munmap(mmap(0, 4096, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 4096); return 0; }')"
    command -v strace >/dev/null || { echo "strace is not installed"; exit 77; }
    [ "$(status_of compare glibc "$TMP/calls.so" --gate syscalls)" = 1 ]
    grep -qE '^ \* syscalls .* worse$' "$TMP/out"
}

test_failures_of_either_side() {
    shim crash "$(forwarding 'static int special(size_t n) { raise(SIGSEGV); return 0; }')"
    expect 1 'pairs.* under crash, .*crashed' compare glibc "$TMP/crash.so"
    grep -q 'NEW failed where BASE did not; NEW: crashed' "$TMP/out"
    expect 0 'crashed' compare "$TMP/crash.so" glibc
    grep -q 'BASE failed where NEW did not' "$TMP/out"
    expect 3 'crashed' compare "$TMP/crash.so" "$TMP/crash.so"
    grep -q 'Result: not all could be compared' "$TMP/out"
}

test_budget_of_time() {
    [ "$(status_of compare glibc glibc --max-time 1ms)" = 2 ]
    grep -q 'undecided: the time was up' "$TMP/out"
}

test_wrong_use() {
    expect 3 'name BASE and NEW' "$HEAPMARK" compare glibc
    expect 3 'BASE and NEW are all' "$HEAPMARK" compare glibc jemalloc bump
    for words in '--gate nosuch' '--threshold nosuch=2' '--threshold time=0' '--threshold 100%' \
                 '--alpha x' '--max-pairs 0' '--max-time soon' '--format nosuch' '-w nosuch' '-s nosuch'; do
        expect 3 . "$HEAPMARK" compare glibc bump -o "$(store)" $words
        one_line
    done
    expect 3 'cannot find /no/such.so' "$HEAPMARK" compare glibc /no/such.so -o "$(store)"
    expect 3 "unknown allocator 'nosuch'" "$HEAPMARK" compare nosuch glibc -o "$(store)"
    expect 3 'no change could be proven with fewer than' compare glibc glibc --max-pairs 4
    expect 3 'cannot print the result: No space left' \
        bash -c '"$@" >/dev/full' x "$HEAPMARK" compare -w pairs:laps=2 -o "$(store)" glibc glibc --max-time 1ms
    # Nothing was begun in the store but what was run.
    [ "$(sqlite3 "$(store)" 'select count(*) from runs')" = 1 ]
}

test_ctrl_c_reports_and_keeps() {
    "$HEAPMARK" compare -q -w webserver -o "$(store)" glibc glibc >"$TMP/out" 2>"$TMP/err" &
    until [ "$(sqlite3 "$(store)" "select count(*) from trials where status = 'ok'" 2>/dev/null || echo 0)" -ge 8 ]; do sleep 0.1; done
    kill -INT $!
    got=0
    wait $! || got=$?
    [ "$got" = 130 ] || { cat "$TMP/err"; exit 1; }
    grep -q 'undecided: interrupted' "$TMP/out"
    [ "$(sqlite3 "$(store)" "select count(*) from trials where status = 'ok'")" -ge 8 ]
    [ "$(sqlite3 "$(store)" "select count(*) from trials where status != 'ok'")" = 0 ]
}

test_formats() {
    slow_shim
    for format in md json junit; do
        [ "$(status_of compare glibc "slow=$TMP/slow.so" --gate time --format $format)" = 1 ]
        mv "$TMP/out" "$TMP/$format"
    done
    grep -q '^### heapmark: worse' "$TMP/md"
    grep -q '█' "$TMP/md"
    /usr/bin/python3 - "$TMP/json" "$TMP/junit" <<'PY'
import json, sys, xml.etree.ElementTree as tree
report = json.load(open(sys.argv[1]))
assert report["exit_status"] == 1 and report["result"] == "worse", report
[workload] = report["workloads"]
time = workload["measures"]["time"]
assert time["verdict"] == "slower" and time["gates"] and time["pairs"] == 12, time
assert 1.2 < time["change"]["low"] <= time["change"]["value"] <= time["change"]["high"], time
assert report["new"]["name"] == "slow" and len(report["new"]["sha256"]) == 64
[suite] = tree.parse(sys.argv[2]).getroot()
assert (suite.get("tests"), suite.get("failures")) == ("1", "1"), suite.attrib
assert suite.find("testcase/failure").get("message").startswith("slower: NEW / BASE")
PY
}

test_stored_runs() {
    slow_shim
    [ "$(status_of compare glibc "slow=$TMP/slow.so" --gate time --format json)" = 1 ]
    mv "$TMP/out" "$TMP/live"
    # The same trials give the same verdicts.
    [ "$(status_of compare run:/glibc run:/slow --gate time --format json)" = 1 ]
    /usr/bin/python3 - "$TMP/live" "$TMP/out" <<'PY'
import json, sys
live, again = (json.load(open(p)) for p in sys.argv[1:])
for part in "workloads", "geometric_mean", "rules", "result", "run":
    assert live[part] == again[part], (part, live[part], again[part])
PY
    # A run of `run` has as many pairs as it has blocks, and one look.
    "$HEAPMARK" run -q -w pairs:laps=3,pairs=50000 -a glibc -a "slow=$TMP/slow.so" -n 10 -o "$(store)"
    [ "$(status_of compare run:/glibc run:/slow --gate time)" = 1 ]
    grep -q 'Looks after 10 pairs' "$TMP/out"
    # Two runs are two series, which decide nothing, unless what is asked for is exact.
    first=$(sqlite3 "$(store)" 'select name from runs order by id limit 1')
    [ "$(status_of compare "run:$first/glibc" run:/slow)" = 2 ]
    grep -q 'undecided: the trials were not interleaved' "$TMP/out"
    if grep -q '^ \* time' "$TMP/out"; then exit 1; fi
    [ "$(status_of compare "run:$first/glibc" run:/glibc --gate syscalls)" = 0 ]
    # Runs of different conditions are compared when it is asked for.
    sqlite3 "$(store)" "update facts set value = 'another' where name = 'kernel' and run_id = 1"
    expect 3 'the runs differ in kernel: another' compare "run:$first/glibc" run:/glibc
    one_line
    [ "$(status_of compare "run:$first/glibc" run:/glibc --gate syscalls --across-conditions)" = 0 ]
    expect 3 'the same trials' compare run:/glibc run:/glibc
    expect 3 'holds no run called nosuch' compare run:nosuch/glibc run:/glibc
    expect 3 'say which allocator' compare run: run:/glibc
    expect 3 'no such allocator in it' compare run:/nosuch run:/glibc
    expect 3 'only be compared with a stored run' compare run:/glibc glibc
}

# A checkout of its own at $TMP/tree, with the programs that are built here.
own_checkout() {
    git rev-parse --git-dir >/dev/null 2>&1 || { echo "not a git checkout"; exit 77; }
    git clone -q --shared . "$TMP/tree"
    mkdir -p "$TMP/tree/build/release"
    cp "$B/heapmark" "$B/heapmark-runner" "$B/libbump.so" "$TMP/tree/build/release/"
    export XDG_CACHE_HOME=$TMP/cache HEAPMARK=$TMP/tree/build/release/heapmark
}

test_revisions_are_built_and_kept() {
    own_checkout
    [ "$(status_of compare bump@HEAD bump --gate syscalls)" = 0 ] || { cat "$TMP/err"; exit 1; }
    commit=$(git -C "$TMP/tree" rev-parse HEAD)
    [ -f "$TMP/cache/heapmark/revisions/$commit/libbump.so" ]
    [ "$(find "$TMP/cache/heapmark/revisions/$commit" | wc -l)" = 2 ]
    [ "$(git -C "$TMP/tree" worktree list | wc -l)" = 1 ]
    grep -q "bump@HEAD: $TMP/cache" "$TMP/out"
    # Found again: no tool is needed any more but git.
    printf '#!/bin/sh\nexit 1\n' >"$TMP/make"
    chmod +x "$TMP/make"
    [ "$(PATH=$TMP:$PATH status_of compare bump@HEAD bump --gate syscalls)" = 0 ]
}

test_make_regress() {
    own_checkout
    cp Makefile "$TMP/tree/" # this one, which may not be committed yet
    ln -s build/release/heapmark "$TMP/tree/heapmark"
    "$HEAPMARK" gate -q --update --allow-dirty -a bump -w pairs:laps=3,pairs=50000 -b "$TMP/base.json" -o "$TMP/base.db"
    regress() {
        make -s -C "$TMP/tree" -o all regress REGRESS=bump REGRESS_BASE=HEAD REGRESS_BASELINE="$TMP/base.json" \
            REGRESS_OPTIONS="-q -w pairs:laps=3,pairs=50000 --gate time --max-pairs 12 -o $(store)"
    }
    regress >"$TMP/out"
    grep -q 'allocators/ is as it was at HEAD' "$TMP/out"
    grep -q '^BASE .*base.json' "$TMP/out"
    [ ! -e "$(store)" ]
    echo '/* changed */' >>"$TMP/tree/allocators/bump/bump.c"
    slow_shim
    cp "$TMP/slow.so" "$TMP/tree/build/release/libbump.so"
    if regress >"$TMP/out" 2>"$TMP/err"; then cat "$TMP/out"; exit 1; fi
    grep -q 'regress: worse than at, or could not run against:.* HEAD' "$TMP/out"
    grep -qE '^bump .* time .* worse: 12 pairs; slower$' "$TMP/out"
}

test_revisions_that_cannot_be_had() {
    own_checkout
    expect 3 'bump@nosuch: no such revision' compare bump@nosuch glibc
    one_line
    expect 3 'no allocator of our own called nosuch at that revision' compare nosuch@HEAD glibc
    one_line
    echo 'this is no C' >>"$TMP/tree/allocators/bump/bump.c"
    git -C "$TMP/tree" -c user.name=x -c user.email=x commit -qam broken
    expect 3 'bump@HEAD: the build failed: .*error' compare bump@HEAD glibc
    one_line
    [ "$(git -C "$TMP/tree" worktree list | wc -l)" = 1 ]
    [ -z "$(ls -A "$TMP/cache/heapmark/revisions")" ]
    rm -rf "$TMP/tree/.git"
    expect 3 'does not lie in a git checkout' compare bump@HEAD glibc
    one_line
}

# Percentiles of single calls come from pairs of their own trials, live and from the store.
test_latency_in_pairs() {
    shim stall "$(forwarding 'static int special(size_t n) { if (calls % 50 == 0) for (volatile int i = 0; i < 3000; i++) ; return 0; }')"
    [ "$(status_of compare glibc "stall=$TMP/stall.so" --latency=4 --gate malloc-p99 --format json)" = 1 ]
    mv "$TMP/out" "$TMP/live"
    [ "$(status_of compare run:/glibc run:/stall --gate malloc-p99 --format json)" = 1 ]
    /usr/bin/python3 - "$TMP/live" "$TMP/out" <<'PY'
import json, sys
live, again = (json.load(open(p)) for p in sys.argv[1:])
assert live["workloads"] == again["workloads"], (live, again)
[workload] = live["workloads"]
measures = workload["measures"]
assert measures["malloc-p99"]["pairs"] == 12 and measures["malloc-p99"]["design"] == "paired", measures
assert measures["malloc-p99"]["verdict"] == "worse" and measures["malloc-p99"]["change"]["low"] > 2, measures
assert "free-p50" in measures and "realloc-p50" not in measures, measures
PY
    [ "$(sqlite3 "$(store)" "select count(*) from trials where pass = 'latency' and status = 'ok'")" = 26 ]
}

# Both of a pair at once, in turns: what is timed of a trial is the laps of turns without what leads in.
test_lockstep() {
    lockstep() {
        "$HEAPMARK" compare -q -w pairs:laps=8,pairs=50000 -w pairs:laps=4,pairs=50000,threads=2 \
            -o "$(store)" --max-pairs 12 --lockstep "$@"
    }
    slow_shim
    [ "$(status_of lockstep glibc "slow=$TMP/slow.so" --gate cpu --format json)" = 1 ]
    mv "$TMP/out" "$TMP/live"
    # From the store: the same, and only with its label.
    [ "$(status_of compare run:/glibc run:/slow --gate cpu --format json)" = 1 ]
    /usr/bin/python3 - "$TMP/live" "$TMP/out" <<'PY'
import json, sys
live, again = (json.load(open(p)) for p in sys.argv[1:])
assert live["workloads"] == again["workloads"], (live, again)
for workload in live["workloads"]:
    assert workload["lockstep"] and workload["measures"]["time"]["pairs"] == 12, workload
    assert workload["measures"]["cpu"]["change"]["low"] > 1.2, workload
PY
    for format in text md junit; do
        compare run:/glibc run:/slow --gate cpu --format $format | grep -q LOCKSTEP
    done
    # Only the pairs: not the warm-up; and all laps but those that lead in.
    sqlite3 "$(store)" "select distinct workload, block > 0, lockstep, laps from results where pass = 'timed'"
    [ "$(sqlite3 "$(store)" "select count(*) from results where pass = 'timed' and (lockstep is 1) != (block > 0)")" = 0 ]
    [ "$(sqlite3 "$(store)" "select count(*) from results where lockstep = 1 and laps not between 2 and 7")" = 0 ]
    [ "$(sqlite3 "$(store)" "select max(n) from (select count(distinct laps) n from results where lockstep = 1 group by workload)")" = 1 ]
    [ "$(sqlite3 "$(store)" "select count(*) from results where lockstep = 1 and operations != laps * (select operations / laps from results first where first.workload = results.workload and pass = 'timed' and block = 0)")" = 0 ]
    # Never is never.
    compare glibc glibc --max-time 1ms --lockstep=never >/dev/null || true
    expect 3 'give always, auto or never' compare glibc glibc --lockstep=maybe
}

# One that dies while the other waits for its turn takes nobody along.
test_lockstep_with_a_side_that_dies() {
    shim mortal "$(forwarding "#include <fcntl.h>
        static int dying;
        __attribute__((constructor)) static void count(void) { int fd = open(\"$TMP/lives\", O_WRONLY | O_APPEND | O_CREAT, 0600);
            write(fd, \"x\", 1); dying = lseek(fd, 0, SEEK_END) > 9; close(fd); }
        static int special(size_t n) { if (dying && calls > 30000) raise(SIGSEGV); return 0; }")"
    expect 1 'crashed' compare -w pairs:laps=6 --lockstep glibc "$TMP/mortal.so"
    grep -q 'NEW failed where BASE did not; NEW: crashed (timed pass, block [1-9]' "$TMP/out"
    [ "$(sqlite3 "$(store)" "select count(*) from trials where status not in ('ok', 'crashed')")" = 0 ]
}

# Both sides have the same shim before them; NEW's does a little more in every 64th call.
counted_shims() {
    local name
    for name in base:0 new:"$1"; do
        shim "${name%:*}" "$(forwarding "static int special(size_t n) {
            if (calls % 64 == 0) for (volatile int i = 0; i < ${name#*:}; i++) ; return 0; }")"
    done
}
needs_valgrind() { command -v valgrind >/dev/null || { echo "valgrind is not installed"; exit 77; }; }
counted() {
    "$HEAPMARK" compare -q -w pairs:laps=3,pairs=5000 -o "$(store)" --max-pairs 0 --gate instructions "$@"
}

test_half_a_percent_of_instructions_is_named_without_pairs() {
    needs_valgrind
    counted_shims 13
    [ "$(status_of counted "base=$TMP/base.so" "new=$TMP/new.so" --format json)" = 1 ]
    /usr/bin/python3 - "$TMP/out" <<'PY'
import json, sys
report = json.load(open(sys.argv[1]))
for workload in report["workloads"]:
    counted = workload["measures"]["instructions"]
    assert counted["verdict"] == "worse" and counted["design"] == "exact", counted
    assert 1.004 < counted["change"]["low"] == counted["change"]["high"] < 1.006, counted
    assert "time" not in workload["measures"] and workload["pairs"] == 0, workload
PY
    [ "$(status_of counted "new=$TMP/new.so" "base=$TMP/base.so")" = 0 ]
    grep -qE '^ \* instructions .* 0\.99[0-9]+ \(exact\) +better$' "$TMP/out"
    grep -q 'No pairs were run' "$TMP/out"
    [ "$(status_of counted glibc glibc)" = 0 ]
    grep -qE '^ \* instructions .* 1\.0000 \(exact\) +same$' "$TMP/out"
    # The stored counts say the same.
    [ "$(status_of counted run:/glibc-base run:/glibc-new)" = 0 ]
}

test_a_gate_that_cannot_be_held_is_not_green() {
    mkdir "$TMP/bin"
    for tool in strace sh; do ln -s "$(command -v $tool)" "$TMP/bin/"; done
    [ "$(PATH=$TMP/bin status_of counted glibc glibc)" = 3 ]
    [ "$(PATH=$TMP/bin status_of counted glibc glibc --format junit --gate instructions,syscalls)" = 3 ]
    /usr/bin/grep -q '<error message="not measured: .*valgrind is not installed' "$TMP/out"
    # One that is possible decides; what is not is said to be absent.
    [ "$(status_of counted glibc glibc -w pairs:laps=3,pairs=5000,threads=2)" = 0 ]
    grep -q 'absent: .*with 2 threads' "$TMP/out"
    expect 3 'what gates takes pairs' counted glibc glibc --gate time
}
