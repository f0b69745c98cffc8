# heapmark run --instructions and --counters: counts, as a user has them.
# Each test_* is run by tests/run in a process of its own; see there.

STORE=$TMP/results.db
SMALL=pairs:pairs=2000,laps=8

run() { "$HEAPMARK" run -q -n 1 --sample-step 0 -o "$STORE" "$@"; }
query() { sqlite3 -separator ' ' "$STORE" "$1"; }
needs_valgrind() { command -v valgrind >/dev/null || { echo "valgrind is not installed"; exit 77; }; }

# To the instruction: fresh processes, other orders, other pads.
test_counts_repeat_to_the_instruction() {
    needs_valgrind
    local i
    for i in 1 2 3; do
        run -w "$SMALL" -w realloc-growth:steps=500,strings=300,laps=8 \
            -a glibc -a jemalloc -a mimalloc -a tcmalloc --instructions
    done
    query "select workload, allocator, group_concat(instructions) from results where pass = 'instructions'
           group by 1, 2"
    [ "$(query "select count(*) from trials where status != 'ok'")" = 0 ]
    [ "$(query "select count(*) from trials where pass = 'instructions' and instructions > operations")" = 24 ]
    [ "$(query "select max(n) from (select count(distinct instructions) n from results
                where pass = 'instructions' group by workload, allocator)")" = 1 ]
    # The allocators do differ, and what is counted is five laps of the eight.
    [ "$(query "select count(distinct instructions) from results where pass = 'instructions' and workload like 'pairs%'")" -ge 3 ]
    [ "$(query "select distinct operations from results where pass = 'instructions' and workload like 'pairs%'")" = 20000 ]
    # What callgrind takes for itself is in no column.
    [ "$(query "select count(*) from trials where pass = 'instructions'
                and (wall_ns is not null or rss_peak_bytes is not null or minor_faults is not null)")" = 0 ]
    [ "$(query "select count(*) from checkpoints join trials on trials.id = trial_id where pass = 'instructions'")" = 0 ]
    "$HEAPMARK" show -i "$STORE" | grep -q 'instructions a call, counted under callgrind'
    "$HEAPMARK" show -i "$STORE" -f csv | head -1 | grep -q 'instructions_per_operation,'
}

# A bump of a pointer is less than a search, in whatever run.
test_more_work_is_more_instructions() {
    needs_valgrind
    run -w "$SMALL" -a bump -a freelist-first --instructions
    [ "$(query "select (select instructions from results where pass = 'instructions' and allocator = 'freelist-first')
                > (select instructions from results where pass = 'instructions' and allocator = 'bump')")" = 1 ]
}

test_threads_are_not_counted_and_the_run_is_well() {
    run -w pairs:pairs=2000,laps=8,threads=2 -a glibc --instructions 2>"$TMP/err"
    cat "$TMP/err"
    [ "$(query "select status from trials where pass = 'instructions'")" = skipped ]
    [ "$(query "select status from trials where pass = 'timed'")" = ok ]
    query "select detail from trials where pass = 'instructions'" | grep -q 'with 2 threads'
    "$HEAPMARK" show -i "$STORE" | grep -q 'instructions not counted: with 2 threads'
}

test_without_valgrind_it_says_so() {
    mkdir "$TMP/bin"
    local tool
    for tool in strace sh; do ln -s "$(command -v $tool)" "$TMP/bin/"; done
    PATH=$TMP/bin run -w "$SMALL" -a glibc -n 2 --instructions 2>"$TMP/err"
    cat "$TMP/err"
    grep -q 'valgrind is not installed: apt-get install valgrind' "$TMP/err"
    [ "$(query "select count(*) from trials where pass = 'timed' and status = 'ok'")" = 2 ]
    [ "$(query "select status from trials where pass = 'instructions'")" = skipped ]
}

test_a_trace_is_counted_once_whole() {
    needs_valgrind
    "$PWD/$B/tests/figures/make_trace" "$TMP/one.hmt" 5000 1 300 0 all
    run -w "$TMP/one.hmt:repeat=3" -a glibc --instructions
    [ "$(query "select operations from trials where pass = 'instructions'")" = 5000 ]
    [ "$(query "select instructions > 5000 from trials where pass = 'instructions'")" = 1 ]
}

# Page faults are counted by software, by the same code as what the processor counts: none where
# nothing is written that was not there before, and one for each fresh page.
test_counters_count_timed_laps_of_all_workers() {
    run -w pairs:pairs=2000,laps=8 -w realloc-growth:threads=2,laps=8,steps=4000 -a glibc -n 2 --counters
    [ "$(query "select count(*) from trials where status != 'ok'")" = 0 ]
    query "select workload, pass, perf_page_faults, minor_faults, detail from results"
    [ "$(query "select count(*) from trials where pass != 'timed' and perf_page_faults is not null")" = 0 ]
    if [ -z "$(query "select perf_page_faults from trials where pass = 'timed' limit 1")" ]; then
        query "select detail from trials where pass = 'timed'" | grep -q 'counters not available here: .*page_faults'
        echo "perf_event_open is forbidden here"
        exit 77
    fi
    [ "$(query "select max(perf_page_faults) < 100 from results where workload like 'pairs%'")" = 1 ]
    [ "$(query "select min(perf_page_faults) > 500 from results where workload like 'realloc%' and pass = 'timed'")" = 1 ]
    [ "$(query "select count(*) from results where perf_page_faults > minor_faults")" = 0 ]
    # What the machine does not lend is absent, and told; what it lends is there.
    [ "$(query "select count(*) from trials where pass = 'timed' and
                (perf_cycles is null) != (detail like 'counters not available here: %cycles%')")" = 0 ]
    "$HEAPMARK" show -i "$STORE" | grep -q 'counts a call in the timed laps'
}

test_nothing_is_counted_unasked() {
    run -w pairs:pairs=2000,laps=8 -a glibc
    [ "$(query "select count(*) from trials where perf_page_faults is not null or detail like 'counters%'")" = 0 ]
    ! "$HEAPMARK" show -i "$STORE" | grep -q 'counts a call'
}

# A library whose malloc does a little more once in 64 calls is told from itself in one run.
test_half_a_per_cent_is_named_in_one_run() {
    needs_valgrind
    local more
    cat >"$TMP/lib.c" <<'C'
#include <stddef.h>
void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);
void __libc_free(void *);
void free(void *block) { __libc_free(block); }
void *calloc(size_t count, size_t bytes) { return __libc_calloc(count, bytes); }
void *realloc(void *block, size_t bytes) { return __libc_realloc(block, bytes); }
void *aligned_alloc(size_t alignment, size_t bytes) { return __libc_memalign(alignment, bytes); }
void *memalign(size_t alignment, size_t bytes) { return __libc_memalign(alignment, bytes); }
int posix_memalign(void **block, size_t alignment, size_t bytes)
{
    *block = __libc_memalign(alignment, bytes);
    return *block != NULL ? 0 : 12;
}
void *malloc(size_t bytes)
{
    static unsigned calls;
    volatile unsigned i;
    if (++calls % 64 == 0)
        for (i = 0; i < MORE; i++)
            ;
    return __libc_malloc(bytes);
}
C
    for more in 1 8; do
        cc -O1 -w -fno-builtin -fPIC -shared -DMORE=$more -o "$TMP/more$more.so" "$TMP/lib.c"
    done
    cp "$TMP/more1.so" "$TMP/same.so"
    compare() { "$HEAPMARK" compare "$@" -w "$SMALL" --gate instructions --max-pairs 0 -o "$STORE"; }
    compare "$TMP/more1.so" "$TMP/same.so" >"$TMP/out"
    status=0
    compare "$TMP/more1.so" "$TMP/more8.so" >"$TMP/out" || status=$?
    cat "$TMP/out"
    [ "$status" = 1 ]
    # It is half a per cent: of all instructions of malloc, free and the loop around them.
    python3 - "$(query "select group_concat(distinct instructions) from trials where pass = 'instructions'")" <<'P'
import sys
least, most = (int(count) for count in sys.argv[1].split(","))
assert 1.002 < max(least, most) / min(least, most) < 1.007, sys.argv[1]
P
}
