# Libraries and mistakes that would yield a wrong number without anybody noticing.
# Each test_* is run by tests/run in a process of its own; see there.

. tests/integration/errors.sh # store, short_run, expect, shim, ...
unset -f $(declare -F | awk '$3 ~ /^test_/ { print $3 }')

test_show_does_not_overwrite_a_store() {
    short_run -a glibc -q
    expect 2 'SQLite file' "$HEAPMARK" show -i "$(store)" -o "$(store)"
    [ "$(sqlite3 "$(store)" 'select count(*) from runs')" = 1 ]
}

test_standard_output_is_what_was_asked_for() {
    short_run -a glibc --format json 2>/dev/null | /usr/bin/python3 -m json.tool >/dev/null
    short_run -a glibc --format csv 2>/dev/null >"$TMP/csv"
    [ "$(wc -l <"$TMP/csv")" = 2 ]
}

test_misaligned_blocks_are_corrupt() {
    shim askew '#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
void *__libc_malloc(size_t); void *__libc_calloc(size_t, size_t); void __libc_free(void *);
void *malloc(size_t n) { char *p = __libc_malloc(n + 16); return p ? p + 8 : 0; }
void free(void *p) { if (p) __libc_free((char *)p - 8); }
void *calloc(size_t a, size_t b) { char *p = __libc_calloc(1, a * b + 16); return p ? p + 8 : 0; }
void *realloc(void *p, size_t n) { void *q = malloc(n); if (p && q) memcpy(q, p, n); free(p); return q; }
void *memalign(size_t a, size_t n) { return malloc(n); }
void *aligned_alloc(size_t a, size_t n) { return malloc(n); }
int posix_memalign(void **p, size_t a, size_t n) { *p = malloc(n); return 0; }'
    expect 1 'corrupt.*not aligned' short_run -a mine="$TMP/askew.so"
}

test_a_clock_of_its_own_is_refused() {
    shim clock "$(forwarding '#include <time.h>
#include <sys/syscall.h>
static int special(size_t n) { return 0; }
int clock_gettime(clockid_t c, struct timespec *t) { long r = syscall(SYS_clock_gettime, c, t); t->tv_sec /= 10; return r; }')"
    expect 1 'not injected.*clock_gettime' short_run -a mine="$TMP/clock.so"
}

test_a_library_replaced_during_the_run_is_noticed() {
    cp "$B/libbump.so" "$TMP/mine.so"
    cp "$B/libfreelist-first.so" "$TMP/next.so"
    "$HEAPMARK" run -w pairs:laps=20 -n 200 -a mine="$TMP/mine.so" -o "$(store)" -q 2>"$TMP/err" &
    await_trials 1
    mv "$TMP/next.so" "$TMP/mine.so"
    local status=0
    wait $! || status=$?
    cat "$TMP/err"
    [ $status = 1 ]
    [ "$(sqlite3 "$(store)" "select count(distinct malloc_file) from trials where status = 'ok'")" = 1 ]
    grep -qE 'replaced|instead of' "$TMP/err"
}

test_a_misspelt_allocator_in_a_suite_is_refused() {
    printf '[pairs]\nparams = laps=2\nallocators = glbc\n' >"$TMP/s.ini"
    expect 2 "unknown allocator 'glbc'" "$HEAPMARK" run "$TMP/s.ini" -o "$(store)"
    one_line
}

test_a_suite_that_is_no_file() {
    mkfifo "$TMP/fifo.ini"
    expect 2 'fifo.ini' timeout 10 "$HEAPMARK" run "$TMP/fifo.ini" -o "$(store)"
    mkdir "$TMP/folder.ini"
    expect 2 'folder.ini' "$HEAPMARK" run "$TMP/folder.ini" -o "$(store)"
}

test_a_known_name_for_another_library_is_refused() {
    expect 2 'another name' short_run -a jemalloc="$PWD/$B/libbump.so"
    expect 2 'another name' short_run -a all="$PWD/$B/libbump.so"
    one_line
}

test_a_living_run_is_not_resumed() {
    "$HEAPMARK" run -w pairs:laps=40 -n 100 -a glibc -o "$(store)" -q 2>/dev/null &
    local pid=$!
    await_trials 1
    expect 2 'being measured' "$HEAPMARK" run --resume -o "$(store)"
    kill -INT $pid
    wait $pid || true
}

test_peak_is_never_below_what_was_seen() {
    "$HEAPMARK" run -w dynamic-array:laps=10 -w webserver:laps=10 -n 2 -a glibc -a freelist-first -o "$(store)" -q
    [ "$(sqlite3 "$(store)" "select count(*) from trials t where pass = 'timed' and rss_peak_bytes <
         (select max(rss_bytes) from timeline where trial_id = t.id)")" = 0 ]
    [ "$(sqlite3 "$(store)" "select count(*) from trials t join checkpoints c on c.trial_id = t.id
         where pass = 'timed' and checkpoint = 'start' and rss_peak_bytes > 0
         and rss_peak_growth_bytes = rss_peak_bytes - c.vm_rss_bytes")" = 8 ]
}

test_a_stopped_harness_is_no_slow_allocator() {
    local status=0
    "$HEAPMARK" run -w pairs:laps=4 -n 200 -a glibc --time-limit 3s -o "$(store)" -q 2>"$TMP/err" &
    local pid=$!
    await_trials 1
    kill -STOP $pid
    sleep 4
    kill -CONT $pid
    wait $pid || status=$?
    cat "$TMP/err"
    [ $status = 0 ]
}
