# heapmark gate: exact values against a baseline file, the old library where they tell nothing, and
# everything that can be wrong with file, tree or library.
# Each test_* is run by tests/run in a process of its own; see there.
. tests/integration/errors.sh # store, expect, one_line, shim, forwarding

SMALL=pairs:pairs=2000,laps=6
needs_tools() {
    command -v valgrind >/dev/null && command -v strace >/dev/null || { echo "valgrind or strace is not installed"; exit 77; }
}
gate() { "$HEAPMARK" gate -q -b "$TMP/base.json" -o "$(store)" "$@"; }
exact() { gate --gate instructions,syscalls,usable "$@"; }
status_of() { "$@" >"$TMP/out" 2>"$TMP/err" && echo 0 || echo $?; }
is() { # is STATUS command...
    local want=$1 got
    shift
    got=$(status_of "$@")
    [ "$got" = "$want" ] || { echo "exit status $got, not $want: $*"; cat "$TMP/out" "$TMP/err"; exit 1; }
}

# nops NAME COUNT: a malloc with so many instructions more.
nops() {
    shim "$1" "$(forwarding "static int special(size_t n) { __asm__ volatile(\".rept $2\n nop\n .endr\"); return 0; }")"
}
# base_and_change NOPS: a baseline of $TMP/mine.so, and $TMP/mine.so changed after it.
baseline_of_mine() {
    needs_tools
    nops mine 4
    is 0 gate --update -a "mine=$TMP/mine.so" -w "$SMALL"
}
edit() { /usr/bin/python3 - "$TMP/base.json" "$1" <<'PY'
import json, sys
path, code = sys.argv[1:]
base = json.load(open(path))
exec(code)
json.dump(base, open(path, "w"), indent=2)
PY
}

test_unchanged_is_green_and_half_a_percent_is_red() {
    baseline_of_mine
    # The same code: nothing is measured, unless it is asked for.
    is 0 exact -a "mine=$TMP/mine.so"
    grep -q '^1 checks are as they were' "$TMP/out"
    is 0 exact --all -a "mine=$TMP/mine.so"
    grep -q 'Result: nothing is worse' "$TMP/out"
    # One instruction a malloc is some half of a percent here; four are of the old library.
    cp "$TMP/mine.so" "$TMP/old.so"
    nops mine 5
    is 1 exact -a "mine=$TMP/mine.so"
    grep -qE '^mine +pairs.* instructions .*\(\+0\.[3-7][0-9]* %\)  worse$' "$TMP/out"
    grep -q 'Result: worse: mine pairs.*(instructions)' "$TMP/out"
    is 0 exact -a "mine=$TMP/mine.so" --threshold instructions=2%
    # And less of them is better, and green.
    nops mine 1
    is 0 exact -a "mine=$TMP/mine.so"
    grep -q 'better' "$TMP/out"
}

test_formats() {
    baseline_of_mine
    nops mine 6
    local format
    for format in md json junit; do
        is 1 exact -a "mine=$TMP/mine.so" --format $format
        mv "$TMP/out" "$TMP/$format"
    done
    grep -q '^### heapmark gate: worse' "$TMP/md"
    /usr/bin/python3 - "$TMP/json" "$TMP/junit" <<'PY'
import json, sys, xml.etree.ElementTree as tree
report = json.load(open(sys.argv[1]))
assert report["exit_status"] == 1 and report["result"] == "worse", report
worse = [c for c in report["checks"] if c["verdict"] == "worse"]
assert [c["measure"] for c in worse] == ["instructions"], report
assert worse[0]["now"] > 1.005 * worse[0]["base"], worse
[suite] = tree.parse(sys.argv[2]).getroot()
assert (suite.get("failures"), suite.get("errors")) == ("1", "0"), suite.attrib
assert suite.find("testcase/failure").get("message").startswith("worse: ")
PY
}

# A count that differs is blamed on the library only where nothing else can have moved it.
test_other_conditions_are_named() {
    baseline_of_mine
    cp "$TMP/mine.so" "$TMP/old.so"
    nops mine 6
    edit 'base["made_with"]["cpus"] = "64"'
    is 2 exact -a "mine=$TMP/mine.so"
    grep -q 'not comparable here: the baseline was made with cpus 64, this is' "$TMP/out"
    # The old library is counted here instead.
    is 1 exact -a "mine=$TMP/mine.so" --base "$TMP/old.so"
    grep -qE 'instructions .* worse$' "$TMP/out"
    edit 'base["made_with"]["cpus"] = "'"$(nproc)"'"; base["allocators"]["mine"]["library_compiler"] = "tcc"'
    is 2 exact -a "mine=$TMP/mine.so"
    grep -q "the baseline's library was built by tcc" "$TMP/out"
    # The control has moved: another C library, or another runner.
    edit 'base["allocators"]["mine"]["library_compiler"] = "tcc"
for w in base["workloads"].values(): w["control"]["instructions"] += 1
base["made_with"]["libc"] = "2.99"'
    is 2 exact -a "mine=$TMP/mine.so"
    grep -q 'made with libc 2.99' "$TMP/out"
    edit 'base["made_with"]["libc"] = "'"$(getconf GNU_LIBC_VERSION | cut -d' ' -f2)"'"'
    is 2 exact -a "mine=$TMP/mine.so"
    grep -q "under the C library's own malloc it was [0-9]* and is [0-9]*: " "$TMP/out"
    edit 'for w in base["workloads"].values(): w["operations"] += 1'
    is 2 exact -a "mine=$TMP/mine.so"
    grep -q 'the workload does other work now' "$TMP/out"
}

test_libraries_that_fail() {
    baseline_of_mine
    shim mine "$(forwarding 'static int special(size_t n) { raise(SIGSEGV); return 0; }')"
    is 1 exact -a "mine=$TMP/mine.so"
    grep -qE '^mine +pairs.* trials .*worse: crashed' "$TMP/out"
    # And no baseline is made of one.
    cp "$TMP/base.json" "$TMP/before.json"
    expect 3 'crashed .*no baseline was written' gate --update -a "mine=$TMP/mine.so"
    cmp "$TMP/base.json" "$TMP/before.json"
}

test_files_that_cannot_be_read() {
    needs_tools
    expect 3 'cannot read the baseline .*base.json: No such file.*--update' exact -a bump
    one_line
    baseline_of_mine
    cp "$TMP/base.json" "$TMP/good.json"
    head -c 700 "$TMP/good.json" >"$TMP/base.json"
    expect 3 'base.json: line [0-9]+: .*--update' exact -a bump
    one_line
    local code
    for code in 'del base["heapmark_baseline"]' 'base["heapmark_baseline"] = 2' 'base["seed"] = 1' \
        'del base["made_with"]["libc"]' 'base["allocators"] = {}' 'base["workloads"] = 3' \
        'base["tolerance"]["pss"]["percent"] = -1' \
        'base["allocators"]["mine"]["workloads"]["nosuch"] = {}' \
        'base["allocators"]["mine"]["workloads"] = {k: {"instructions": "many"} for k in base["workloads"]}' \
        'base["allocators"]["mine"]["workloads"] = {k: {"nosuch": 1} for k in base["workloads"]}'; do
        cp "$TMP/good.json" "$TMP/base.json"
        edit "$code"
        expect 3 'base.json: .*--update' exact -a "mine=$TMP/mine.so"
        one_line
    done
    cp "$TMP/good.json" "$TMP/base.json"
    expect 3 'has mine, and no allocator here is called that' exact
    expect 3 'no allocator called bump; add it' exact -a bump
    expect 3 "unknown allocator 'nosuch'" exact -a nosuch
    expect 3 'cannot find /no/such.so' exact -a mine=/no/such.so
    expect 3 'mine: there is no old library to pair with' gate --gate time -a "mine=$TMP/old.so" ||
        expect 3 'cannot find' gate --gate time -a "mine=$TMP/old.so"
}

test_wrong_use() {
    local words
    for words in '--gate nosuch' '--threshold 2%' '--threshold nosuch=2' '--alpha x' '--max-pairs 0' \
        '--format nosuch' 'bump' '-w pairs' '--update --against main' '--against main --base x' \
        '--repo .' '-a a -a a' '-a =x' '--base nosuch=x -a bump'; do
        expect 3 . "$HEAPMARK" gate -b "$TMP/none.json" -o "$(store)" $words
        one_line
    done
    expect 3 'has 2 threads' gate --update --allow-dirty -a bump -w pairs:threads=2
    expect 3 'whole program' gate --update -a glibc -w gcc
}

test_full_disk_leaves_the_old_file() {
    baseline_of_mine
    cp "$TMP/base.json" "$TMP/before.json"
    shim full '#include <dlfcn.h>
        #include <stdio.h>
        #include <string.h>
        FILE *fopen(const char *path, const char *mode) {
            FILE *(*real)(const char *, const char *) = dlsym(RTLD_NEXT, "fopen");
            return real(strstr(path, "/.base.json.") ? "/dev/full" : path, mode); }'
    LD_PRELOAD=$TMP/full.so expect 3 'cannot write .*base.json: No space left' \
        gate --update -a "mine=$TMP/mine.so" -w "$SMALL"
    cmp "$TMP/base.json" "$TMP/before.json"
    expect 3 'cannot write .*nosuch/base.json' "$HEAPMARK" gate -q -o "$(store)" -b "$TMP/nosuch/base.json" --update -a "mine=$TMP/mine.so" -w "$SMALL"
    cmp "$TMP/base.json" "$TMP/before.json"
    [ -z "$(find "$TMP" -name '*.part')" ]
    expect 3 'cannot print the result: No space left' bash -c '"$@" >/dev/full' x \
        "$HEAPMARK" gate -q -b "$TMP/base.json" -o "$(store)" --gate syscalls -a "mine=$TMP/mine.so"
}

test_updates_are_stable_and_agree() {
    baseline_of_mine
    cp "$TMP/base.json" "$TMP/before.json"
    nops other 9
    # One more beside it: what was there stays to the byte.
    is 0 gate --update -a "other=$TMP/other.so"
    [ "$(diff "$TMP/before.json" "$TMP/base.json" | grep -c '^<')" -le 1 ]
    grep -q '"other"' "$TMP/base.json"
    is 0 exact --all -a "other=$TMP/other.so" -a "mine=$TMP/mine.so"
    # Of other work, or under other conditions, it would be two baselines in one file.
    expect 3 'update them all together' gate --update -a "other=$TMP/other.so" -w pairs:pairs=3000,laps=6
    edit 'base["made_with"]["kernel"] = "1.0"'
    expect 3 "kernel was '1.0'" gate --update -a "other=$TMP/other.so"
    is 0 gate --update -a "other=$TMP/other.so" -a "mine=$TMP/mine.so"
    if grep -q '"1.0"' "$TMP/base.json"; then exit 1; fi
}

# Addresses, environment and place are not in the counts: what is counted in one checkout holds in
# another.
test_counts_hold_in_other_places() {
    needs_tools
    local tree=$TMP/a/rather/long/path/to/another/tree
    mkdir -p "$tree/build/release" "$tree/workloads"
    cp "$B/heapmark" "$B/heapmark-runner" "$B"/lib*.so "$tree/build/release/"
    cp -r allocators "$tree/"
    cp -r workloads/suites workloads/programs "$tree/workloads/"
    is 0 gate --update --allow-dirty -a freelist-best -w "$SMALL" -w realloc-growth:steps=500,strings=300,laps=6
    is 0 env -i PATH="$PATH" HOME=/ FILL="$(head -c 5000 /dev/zero | tr '\0' x)" setarch -R \
        "$tree/build/release/heapmark" gate -q --all -b "$TMP/base.json" -o "$(store)" \
        --gate instructions,syscalls,usable --threshold instructions=0
    grep -q 'Result: nothing is worse' "$TMP/out"
    sqlite3 "$(store)" "select allocator, workload, group_concat(distinct instructions) from results where pass = 'instructions' group by 1, 2"
    [ "$(sqlite3 "$(store)" "select max(n) from (select count(distinct instructions) n from results
        where pass = 'instructions' group by allocator, workload)")" = 1 ]
}

# A checkout of its own at $TMP/tree, with the programs that are built here.
own_checkout() {
    git rev-parse --git-dir >/dev/null 2>&1 || { echo "not a git checkout"; exit 77; }
    git clone -q --shared . "$TMP/tree"
    mkdir -p "$TMP/tree/build/release"
    cp "$B/heapmark" "$B/heapmark-runner" "$B/libbump.so" "$TMP/tree/build/release/"
    export XDG_CACHE_HOME=$TMP/cache HEAPMARK=$TMP/tree/build/release/heapmark
}

test_revisions() {
    needs_tools
    own_checkout
    echo '/* changed */' >>"$TMP/tree/allocators/bump/bump.c"
    expect 3 'changes that are not committed .*bump.c.*--allow-dirty' gate --update -a bump -w "$SMALL"
    [ ! -e "$TMP/base.json" ]
    is 0 gate --update --allow-dirty -a bump -w "$SMALL"
    grep -q '"commit": ""' "$TMP/base.json" # what is not committed nobody can build again
    expect 3 'no --gate' gate --update --gate syscalls -a bump -w "$SMALL"
    edit "base[\"allocators\"][\"bump\"][\"commit\"] = \"$(git -C "$TMP/tree" rev-parse HEAD)\""
    # Built in another folder, it is the same code, and not measured.
    if git diff --quiet HEAD -- allocators Makefile; then
        is 0 gate --against HEAD -a bump -w "$SMALL"
        grep -q '^1 checks are as they were' "$TMP/out"
    fi
    # A library of the same code is not measured; one of other code is paired with the revision's.
    nops slow 3000
    cp "$TMP/slow.so" "$TMP/tree/build/release/libbump.so"
    is 1 gate --gate time --max-pairs 12
    grep -qE '^bump .* time .* worse: 12 pairs; slower$' "$TMP/out"
    is 1 gate --against HEAD -a bump -w "$SMALL" --gate instructions,syscalls
    grep -qE '^BASE revision HEAD' "$TMP/out"
    grep -qE '^bump .* worse' "$TMP/out"
    edit 'base["allocators"]["bump"]["commit"] = "0123456789"'
    expect 3 'no such revision' gate --gate time --max-pairs 12
    edit 'base["allocators"]["bump"]["commit"] = ""'
    expect 3 'does not know the revision' gate --gate time --max-pairs 12
    [ "$(git -C "$TMP/tree" worktree list | wc -l)" = 1 ]
}

test_ctrl_c() {
    baseline_of_mine
    "$HEAPMARK" gate -q --all -b "$TMP/base.json" -o "$(store)2" -a "mine=$TMP/mine.so" >"$TMP/out" 2>"$TMP/err" &
    until [ -e "$(store)2" ]; do sleep 0.05; done
    kill -INT $!
    got=0
    wait $! || got=$?
    [ "$got" = 130 ] || { echo "exit status $got"; cat "$TMP/err"; exit 1; }
    cp "$TMP/base.json" "$TMP/before.json"
    "$HEAPMARK" gate -q --update -b "$TMP/base.json" -o "$(store)3" -a "mine=$TMP/mine.so" >"$TMP/out" 2>"$TMP/err" &
    until [ -e "$(store)3" ]; do sleep 0.05; done
    kill -INT $!
    got=0
    wait $! || got=$?
    [ "$got" = 130 ] || { echo "exit status $got"; cat "$TMP/err"; exit 1; }
    cmp "$TMP/base.json" "$TMP/before.json"
}
