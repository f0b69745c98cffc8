# What can go wrong ends in one clear line, a status that says so, and nothing lost.
# Each test_* is run by tests/run in a process of its own; see there.

store() { echo "$TMP/results.db"; }

# A short run: heapmark run on the cheapest workload, into a store of its own.
short_run() { "$HEAPMARK" run -w pairs:laps=2 -n 1 -o "$(store)" "$@"; }

# await_trials COUNT: until so many trials of the store are ok; a slow machine is waited for.
await_trials() {
    local done_count waited=0
    while [ $((waited += 1)) -le 600 ]; do
        done_count=$(sqlite3 "$(store)" "select count(*) from trials where status = 'ok'" 2>/dev/null || echo 0)
        [ "${done_count:-0}" -ge "$1" ] && return 0
        sleep 0.1
    done
    echo "no $1 trials in a minute"
    return 1
}

# expect STATUS 'pattern' command...: exit status and a line on standard error that matches.
expect() {
    local status=$1 pattern=$2 got=0
    shift 2
    "$@" >"$TMP/out" 2>"$TMP/err" || got=$?
    cat "$TMP/err"
    [ "$got" = "$status" ] || { echo "exit status $got, not $status: $*"; return 1; }
    grep -qE -- "$pattern" "$TMP/err" || { echo "nothing on stderr matches: $pattern"; return 1; }
}

one_line() { [ "$(wc -l <"$TMP/err")" = 1 ] || { echo "more than one line:"; cat "$TMP/err"; return 1; }; }

# shim NAME 'C code': builds $TMP/NAME.so
shim() {
    printf '#define _GNU_SOURCE\n%s\n' "$2" >"$TMP/$1.c"
    cc -O1 -w -fno-builtin -fPIC -shared -o "$TMP/$1.so" "$TMP/$1.c" -ldl
}

# A preloadable malloc that forwards to the C library's own but for what SPECIAL does.
forwarding() {
    cat <<'C'
#include <stdlib.h>
#include <signal.h>
#include <unistd.h>
#include <errno.h>
#include <stdint.h>
void *__libc_malloc(size_t); void *__libc_calloc(size_t, size_t); void *__libc_realloc(void *, size_t);
void __libc_free(void *); void *__libc_memalign(size_t, size_t);
static long calls;
static int special(size_t n);
static long after(void) { const char *s = getenv("SHIM_AFTER"); return s ? atol(s) : 1000; }
void *malloc(size_t n) { if (++calls > 1000 && special(n)) return 0; return __libc_malloc(n); }
void *calloc(size_t a, size_t b) { return __libc_calloc(a, b); }
void *realloc(void *p, size_t n) { return __libc_realloc(p, n); }
void free(void *p) { __libc_free(p); }
void *memalign(size_t a, size_t n) { return __libc_memalign(a, n); }
void *aligned_alloc(size_t a, size_t n) { return __libc_memalign(a, n); }
int posix_memalign(void **p, size_t a, size_t n) { *p = __libc_memalign(a, n); return *p ? 0 : ENOMEM; }
C
    echo "$1"
}

test_missing_library() {
    expect 2 'cannot find .*/no/such.so' short_run -a mine=/no/such.so
    one_line
}

test_not_a_library() {
    expect 2 'is not an ELF file' short_run -a mine=/etc/passwd
    one_line
}

test_wrong_architecture() {
    cp "$B/libbump.so" "$TMP/alien.so"
    printf '\363\0' | dd of="$TMP/alien.so" bs=1 seek=18 conv=notrunc status=none # EM_RISCV
    expect 2 'is built for RISC-V' short_run -a mine="$TMP/alien.so"
    one_line
}

test_cut_short_library() {
    head -c 4000 "$B/libbump.so" >"$TMP/cut.so"
    expect 2 'is cut short' short_run -a mine="$TMP/cut.so"
    one_line
}

test_library_without_malloc() {
    shim none 'int nothing(void) { return 0; }'
    expect 2 'does not provide malloc' short_run -a mine="$TMP/none.so"
    one_line
}

test_library_with_malloc_alone() {
    shim half '#include <stddef.h>
void *__libc_malloc(size_t); void *malloc(size_t n) { return __libc_malloc(n); }'
    expect 2 'provides malloc but not' short_run -a mine="$TMP/half.so"
    one_line
}

test_library_that_dies_at_once() {
    shim dies "$(forwarding 'static int special(size_t n) { return 0; }
__attribute__((constructor)) static void c(void) { abort(); }')"
    expect 2 'dies by SIGABRT' short_run -a mine="$TMP/dies.so"
    one_line
}

test_path_with_a_blank() {
    mkdir "$TMP/a b"
    cp "$B/libbump.so" "$TMP/a b/x.so"
    expect 2 "has a blank, ':' or" short_run -a "mine=$TMP/a b/x.so"
}

test_crash_in_a_trial() {
    shim crash "$(forwarding 'static int special(size_t n) { raise(SIGSEGV); return 0; }')"
    expect 1 'mine.*crashed.*SIGSEGV' short_run -a glibc -a mine="$TMP/crash.so"
    "$HEAPMARK" show -i "$(store)" | grep -q 'crashed' # shown, not left out
    "$HEAPMARK" show -i "$(store)" --format csv | grep -q glibc
}

test_hang_in_a_trial() {
    shim hang "$(forwarding 'static int special(size_t n) { pause(); return 0; }')"
    expect 1 'timed out' short_run -a mine="$TMP/hang.so" --time-limit 1s
}

test_out_of_memory_by_the_allocator() {
    shim oom "$(forwarding 'static int special(size_t n) { errno = ENOMEM; return 1; }')"
    expect 1 'out of memory' short_run -a mine="$TMP/oom.so"
}

test_out_of_memory_by_the_limit() {
    expect 1 'bump.*out of memory' short_run -a bump -a glibc --memory-limit 8M
    "$HEAPMARK" show -i "$(store)" | grep -q 'out of memory'
}

test_killed_from_outside() {
    shim kills "$(forwarding 'static int special(size_t n) { kill(getpid(), SIGKILL); return 0; }')"
    expect 1 'killed.*SIGKILL' short_run -a mine="$TMP/kills.so"
}

test_wrong_exit_status() {
    shim exits "$(forwarding 'static int special(size_t n) { _exit(7); return 0; }')"
    expect 1 'exit status 7' short_run -a mine="$TMP/exits.so"
}

# Runs are named after their millisecond; here others have the next 400 of them.
test_run_begun_in_the_same_millisecond_as_others() {
    /usr/bin/python3 - "$HEAPMARK" run -w pairs:laps=2 -n 1 -a glibc -q -o "$(store)" <<'PY'
import re, socket, subprocess, sys, time
host = re.sub(r"[^A-Za-z0-9.-]", "_", socket.gethostname())
now, held = time.time(), []
for ms in range(400):
    at = int(now * 1000) + 40 + ms
    stamp = time.strftime("%Y-%m-%dT%H-%M-%S", time.localtime(at // 1000))
    held.append(socket.socket(socket.AF_UNIX))
    held[-1].bind("\0heapmark/%s.%03d-%s" % (stamp, at % 1000, host))
time.sleep(max(0, now + 0.040 - time.time()))
if time.time() > now + 0.3:
    print("this machine is too slow to hold names ahead of time")
    sys.exit(77)
subprocess.run(sys.argv[1:], check=True)
PY
}

test_failed_cell_is_not_tried_again() {
    expect 1 'out of memory' "$HEAPMARK" run -w pairs:laps=2 -n 5 -a bump --memory-limit 8M -o "$(store)"
    [ "$(grep -c 'out of memory' "$TMP/err")" = 1 ]
    "$HEAPMARK" show -i "$(store)" --format trials | grep -c 'skipped' | grep -qx 5 # 4 blocks, 1 pass
}

test_unknown_workload() {
    expect 2 'webserber.*webserver' "$HEAPMARK" run -w webserber -o "$(store)"
    one_line
}

test_unknown_parameter() {
    expect 2 'thread' "$HEAPMARK" run -w webserver:thread=2 -o "$(store)"
    one_line
}

test_unknown_allocator() {
    expect 2 "unknown allocator 'jemaloc'" short_run -a jemaloc
    one_line
}

test_unknown_suite() {
    expect 2 "unknown suite 'defualt'.*default" "$HEAPMARK" run defualt -o "$(store)"
    one_line
}

test_unknown_option_format_run_and_command() {
    expect 2 'unrecognized option' "$HEAPMARK" run --no-such-option
    expect 2 "unknown command 'rum'" "$HEAPMARK" rum
    short_run -a glibc -q
    expect 2 'unknown format' "$HEAPMARK" show -i "$(store)" --format xml
    expect 2 'nosuchrun' "$HEAPMARK" show nosuchrun -i "$(store)"
    expect 2 "no allocator 'nosuch'" "$HEAPMARK" show -i "$(store)" --subject nosuch
    expect 2 "no format 'json'" "$HEAPMARK" show -i "$(store)" --subject bump -f json
    expect 2 'no other allocator' "$HEAPMARK" show -i "$(store)" --subject glibc
    expect 2 'unknown format' short_run --format xml
}

test_absurd_values() {
    for value in threads=0 threads=-1 threads=1000000000000000000000000000000 threads=1e30 threads= \
                 threads=two laps=0 laps=-5 laps=999999999; do
        expect 2 "${value%%=*}" "$HEAPMARK" run -w "webserver:$value" -o "$(store)"
        one_line
    done
    for value in 0 -1 1000000000000000000000000000000 x ''; do
        expect 2 '.' short_run -n "$value"
    done
    expect 2 '--time-limit' short_run --time-limit 0
    expect 2 '--time-limit' short_run --time-limit -3s
    expect 2 '--memory-limit' short_run --memory-limit lots
    expect 2 '--sample-step' short_run --sample-step 1ns
    expect 2 '--seed' short_run --seed -1
}

test_read_only_results_folder() {
    mkdir "$TMP/ro"
    if [ "$(id -u)" = 0 ]; then
        # Root writes everywhere; a mount that is read-only stops it, too.
        mount -t tmpfs -o ro tmpfs "$TMP/ro" 2>/dev/null || { echo "no right to mount"; exit 77; }
        trap 'umount "$TMP/ro"' EXIT
    else
        chmod 555 "$TMP/ro"
    fi
    expect 2 "$TMP/ro.*[Rr]ead-only" "$HEAPMARK" run -w pairs:laps=2 -n 1 -a glibc -o "$TMP/ro/x.db"
    one_line
}

test_missing_results_folder() {
    expect 2 "$TMP/none/x.db" "$HEAPMARK" run -w pairs:laps=2 -n 1 -a glibc -o "$TMP/none/x.db"
    one_line
}

test_store_that_is_something_else() {
    head -c 5000 /dev/urandom >"$TMP/noise.db"
    expect 2 'noise.db' "$HEAPMARK" run -w pairs:laps=2 -n 1 -a glibc -o "$TMP/noise.db"
    sqlite3 "$TMP/other.db" 'create table t(x); insert into t values(1);'
    expect 2 'other.db' "$HEAPMARK" show -i "$TMP/other.db"
    [ "$(sqlite3 "$TMP/other.db" 'select x from t')" = 1 ]
    expect 2 'absent.db' "$HEAPMARK" show -i "$TMP/absent.db"
    [ ! -e "$TMP/absent.db" ]
}

test_newer_store_is_refused() {
    short_run -a glibc -q
    sqlite3 "$(store)" 'pragma user_version = 999'
    expect 2 '999' "$HEAPMARK" show -i "$(store)"
    expect 2 '999' short_run -a glibc
    one_line
}

# The disk fills in the middle of a run: what was stored before is there, and is all whole.
check_full_disk() {
    local db=$1
    grep -qE "$db" "$TMP/err" || { echo "the file is not named"; return 1; }
    grep -q -- '--resume=' "$TMP/err"
}

test_full_disk() {
    mkdir "$TMP/small"
    mount -t tmpfs -o size=600k tmpfs "$TMP/small" 2>/dev/null || { echo "no right to mount"; exit 77; }
    trap 'umount "$TMP/small"' EXIT
    expect 2 'full|space' "$HEAPMARK" run -w pairs:laps=40 -n 2000 -a glibc -o "$TMP/small/x.db" -q
    check_full_disk "$TMP/small/x.db"
    mount -o remount,size=20m "$TMP/small"
    done_before=$(sqlite3 "$TMP/small/x.db" "select count(*) from trials where status = 'ok'")
    [ "$done_before" -gt 0 ]
    [ "$(sqlite3 "$TMP/small/x.db" 'pragma integrity_check')" = ok ]
}

test_file_size_limit() {
    expect 2 'x.db' bash -c 'ulimit -f 300; exec "$0" run -w pairs:laps=40 -n 2000 -a glibc -o "$1" -q' \
        "$HEAPMARK" "$TMP/x.db"
    [ "$(sqlite3 "$TMP/x.db" 'pragma integrity_check')" = ok ]
}

test_full_disk_behind_an_export() {
    [ -e /dev/full ] || exit 77
    short_run -a glibc -q
    for format in text md csv trials json gbench; do
        expect 2 'cannot write' "$HEAPMARK" show -i "$(store)" --format "$format" -o /dev/full
    done
    "$HEAPMARK" show -i "$(store)" >/dev/full 2>"$TMP/err" && exit 1
    grep -q 'standard output' "$TMP/err"
}

test_kill_9_loses_the_trial_under_way_only() {
    "$HEAPMARK" run -w pairs -n 500 -a glibc -o "$(store)" -q 2>/dev/null &
    local pid=$! done_before
    await_trials 3
    done_before=$(sqlite3 "$(store)" "select count(*) from trials where status = 'ok'")
    kill -9 $pid
    wait $pid 2>/dev/null || true
    done_after=$(sqlite3 "$(store)" "select count(*) from trials where status = 'ok'")
    [ "$done_after" -ge "$done_before" ] && [ "$done_before" -ge 3 ]
    [ "$(sqlite3 "$(store)" 'pragma integrity_check')" = ok ]
    # A whole trial or none: each has all its laps.
    [ "$(sqlite3 "$(store)" "select count(*) from trials t where status = 'ok' and
         laps != (select count(*) from laps where trial_id = t.id)")" = 0 ]
}

test_ctrl_c_keeps_and_resumes() {
    local status=0
    "$HEAPMARK" run -w pairs:laps=20 -n 12 -a glibc -a bump -o "$(store)" -q 2>"$TMP/err" &
    local pid=$!
    await_trials 2
    kill -INT $pid
    wait $pid || status=$?
    cat "$TMP/err"
    [ $status = 130 ]
    grep -q -- '--resume=' "$TMP/err"
    kept=$(sqlite3 "$(store)" "select count(*) from trials where status = 'ok'")
    planned=$(sqlite3 "$(store)" "select count(*) from trials where status = 'planned'")
    [ "$kept" -ge 2 ] && [ "$planned" -gt 0 ] && [ $((kept + planned)) = 26 ]
    "$HEAPMARK" run --resume -o "$(store)" -q
    [ "$(sqlite3 "$(store)" "select count(*) from trials where status = 'ok'")" = 26 ]
    [ "$(sqlite3 "$(store)" 'select count(*) from runs')" = 1 ]
    expect 2 'nothing to resume' "$HEAPMARK" run --resume -o "$(store)"
}

test_resume_refuses_a_changed_library() {
    local pid status=0
    cp "$B/libbump.so" "$TMP/mine.so"
    "$HEAPMARK" run -w pairs:laps=20 -n 200 -a mine="$TMP/mine.so" -o "$(store)" -q 2>/dev/null &
    pid=$!
    await_trials 1
    kill -INT $pid
    wait $pid || status=$?
    [ $status = 130 ]
    cp "$B/libfreelist-first.so" "$TMP/mine.so"
    expect 2 'has changed since' "$HEAPMARK" run --resume -o "$(store)"
}

# begun_run: a run that Ctrl-C ended half-way.
begun_run() {
    local pid status=0
    "$HEAPMARK" run -w pairs:laps=20 -n 200 -a glibc -o "$(store)" -q 2>/dev/null &
    pid=$!
    await_trials 1
    kill -INT $pid
    wait $pid || status=$?
    [ $status = 130 ]
}

test_resume_refuses_other_conditions_and_options() {
    begun_run
    for option in --seed=2 --order-seed=2 --time-limit=5s --memory-limit=1G --sample-step=2ms -n3; do
        expect 2 'leave out' "$HEAPMARK" run --resume -o "$(store)" $option
    done
    for fact in kernel runner_sha256 programs_sha256; do
        sqlite3 "$(store)" "update facts set value = value || 'x' where name = '$fact'"
        expect 2 "begun with $fact = " "$HEAPMARK" run --resume -o "$(store)"
        sqlite3 "$(store)" "update facts set value = rtrim(value, 'x') where name = '$fact'"
    done
}

test_resume_notes_the_end_of_a_run_killed_behind_its_last_trial() {
    short_run -a glibc -q
    sqlite3 "$(store)" 'update runs set finished_ns = 0'
    "$HEAPMARK" run --resume -o "$(store)" -q
    [ "$(sqlite3 "$(store)" 'select finished_ns > 0 from runs')" = 1 ]
}

test_library_replaced_while_the_run_is_under_way() {
    cp "$B/libbump.so" "$TMP/mine.so"
    ( await_trials 1; cp "$B/libfreelist-first.so" "$TMP/other.so"; mv "$TMP/other.so" "$TMP/mine.so" ) &
    expect 1 'mine.so was replaced' "$HEAPMARK" run -w pairs:laps=20 -n 200 -a "mine=$TMP/mine.so" -o "$(store)" -q
}

test_hangup_ignored_by_the_caller_stays_ignored() {
    local pid
    nohup "$HEAPMARK" run -w pairs:laps=20 -n 10 -a glibc -o "$(store)" -q >/dev/null 2>"$TMP/err" &
    pid=$!
    await_trials 1
    kill -HUP $pid
    wait $pid || { cat "$TMP/err"; return 1; }
}

test_last_words_of_a_flood() {
    shim flood "$(forwarding 'static int special(size_t n) {
        static const char line[] = "a line of many\n";
        for (int i = 0; i < 200000; i++) write(2, line, sizeof line - 1);
        write(2, "the last line\n", 14); abort(); }')"
    expect 1 'SIGABRT .*it said: the last line' short_run -a "flood=$TMP/flood.so"
}

test_callers_environment_does_not_leak_in() {
    # A caller's LD_PRELOAD and allocator settings must not reach the process under test.
    LD_PRELOAD="$PWD/$B/libfreelist-best.so" "$HEAPMARK" run -w pairs:laps=2 -n 1 -a glibc -o "$(store)" -q
    sqlite3 "$(store)" "select malloc_file from trials" | grep -q libc.so.6
    ! sqlite3 "$(store)" "select malloc_file from trials" | grep -q freelist
}
