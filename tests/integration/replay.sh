# heapmark run -w FILE.hmt: a trace as a workload, as a user has it.
# Each test_* is run by tests/run in a process of its own; see there.

MAKE_TRACE=$PWD/$B/tests/figures/make_trace
STORE=$TMP/results.db

# make_trace FILE CALLS THREADS LIVE PASSED KINDS [STEP_NS]
make_trace() { "$MAKE_TRACE" "$TMP/$1" "${@:2}"; }

replay() { "$HEAPMARK" run -q -n 1 --sample-step 0 -o "$STORE" "$@"; }

# query SQL: one line of values
query() { sqlite3 -separator ' ' "$STORE" "$1"; }

# refuses STATUS 'words' COMMAND...: one line on stderr with the words
refuses() {
    local wanted=$1 words=$2 status=0
    shift 2
    "$@" >"$TMP/out" 2>"$TMP/err" || status=$?
    cat "$TMP/err"
    [ $status = "$wanted" ] || { echo "exit status $status, not $wanted"; return 1; }
    [ "$(wc -l <"$TMP/err")" = 1 ] || { echo "not one line"; return 1; }
    grep -qF -- "$words" "$TMP/err" || { echo "does not say '$words'"; return 1; }
}

# The counts of the trace, and one live curve, whatever the allocator: at each lap's end (timed) and
# at every checkpoint (inspected).
test_counts_and_live_bytes_are_the_trace_s_under_every_allocator() {
    make_trace one.hmt 40000 1 500 0 all
    make_trace four.hmt 40000 4 500 40 all
    replay -w "$TMP/one.hmt:repeat=3,laps=4" -w "$TMP/four.hmt:repeat=2,laps=4" \
        -w "$TMP/four.hmt:threads=fold,repeat=1,laps=4" -a all
    [ "$(query "select count(*) from trials where status != 'ok'")" = 0 ]
    [ "$(query "select count(distinct allocator_id) > 4 from trials")" = 1 ]
    [ "$(query "select distinct operations from results where workload like 'one:%'")" = 120000 ]
    [ "$(query "select distinct operations from results where workload like 'four:repeat%'")" = 80000 ]
    [ "$(query "select distinct operations from results where workload like 'four:threads%'")" = 40000 ]
    [ "$(query "select distinct threads from results where workload like 'four:repeat%'")" = 4 ]
    # Exact where one thread works: the peak, and each lap's calls.
    [ "$(query "select max(n) from (select count(distinct live_peak_bytes) n from results
                where threads = 1 group by workload)")" = 1 ]
    [ "$(query "select max(n) from (select count(distinct laps.operations) n from laps join results
                on results.id = trial_id group by workload, lap)")" = 1 ]
    [ "$(query "select max(n) from (select count(distinct checkpoints.live_bytes) n from checkpoints join results
                on results.id = trial_id where checkpoint in ('end', 'drained') or threads = 1
                group by workload, checkpoint)")" = 1 ]
    [ "$(query "select distinct live_bytes from checkpoints where checkpoint = 'drained'")" = 0 ]
    # The inspection stands at the peak, to the byte.
    [ "$(query "select count(*) from checkpoints join results on results.id = trial_id
                where checkpoint = 'peak' and threads = 1 and live_bytes != live_peak_bytes")" = 0 ]
    [ "$(query "select count(*) > 0 from checkpoints where checkpoint = 'peak'")" = 1 ]
}

test_touch_decides_what_is_resident() {
    make_trace touch.hmt 60000 1 20000 0 plain
    replay -w "$TMP/touch.hmt:touch=none" -w "$TMP/touch.hmt:touch=all" -w "$TMP/touch.hmt" -a glibc
    local none page all
    none=$(query "select rss_peak_growth_bytes from results where workload = 'touch:touch=none' and pass = 'timed'")
    all=$(query "select rss_peak_growth_bytes from results where workload = 'touch:touch=all' and pass = 'timed'")
    page=$(query "select rss_peak_growth_bytes from results where workload = 'touch' and pass = 'timed'")
    echo "$none $page $all"
    [ "$none" -le "$page" ]
    [ "$page" -le "$((all + 262144))" ]
    query "select params from workloads where label = 'touch'" | grep -q '^touch=page,speed=max,'
}

# 400 ms between the first call and the last; and in a tenth of it.
test_speed_keeps_the_recorded_time() {
    make_trace slow.hmt 4000 2 100 10 plain 100000
    replay -w "$TMP/slow.hmt:speed=1" -w "$TMP/slow.hmt:speed=10" -w "$TMP/slow.hmt:repeat=1" -a glibc
    local real tenth
    real=$(query "select elapsed_ns from results where workload = 'slow:speed=1' and pass = 'timed'")
    tenth=$(query "select elapsed_ns from results where workload = 'slow:speed=10' and pass = 'timed'")
    echo "$real $tenth"
    # The last call is made no earlier than it is due, whatever the machine is doing.
    [ "$real" -ge 399000000 ]
    [ "$tenth" -ge 39900000 ]
    [ "$(query "select distinct operations from results")" = 4000 ]
}

test_what_cannot_be_replayed_is_refused_in_a_line() {
    make_trace good.hmt 1000 1 50 0 plain
    refuses 2 "$TMP/none.hmt" replay -w "$TMP/none.hmt" -a glibc
    refuses 2 'unknown parameter' replay -w "$TMP/good.hmt:tuch=all" -a glibc
    refuses 2 'speed=0' replay -w "$TMP/good.hmt:speed=0" -a glibc
    refuses 2 'must be one of' replay -w "$TMP/good.hmt:threads=2" -a glibc
    refuses 2 'repeated 1000 times' replay -w "$TMP/good.hmt:laps=10,repeat=1000" -a glibc
    refuses 2 'name one, as in -w app.hmt' replay -w replay -a glibc
    cp "$TMP/good.hmt" "$TMP/bad.hmt"
    printf 'XXXXXXXX' | dd of="$TMP/bad.hmt" bs=1 seek=$(($(stat -c %s "$TMP/bad.hmt") / 2)) conv=notrunc 2>/dev/null
    refuses 2 "$TMP/bad.hmt" replay -w "$TMP/bad.hmt" -a glibc
    echo 'no trace' >"$TMP/text.hmt"
    refuses 2 "$TMP/text.hmt" replay -w "$TMP/text.hmt" -a glibc
    make_trace crowd.hmt 20000 600 1500 90 plain
    refuses 2 'threads=fold' replay -w "$TMP/crowd.hmt" -a glibc
    replay -w "$TMP/crowd.hmt:threads=fold,repeat=1" -a glibc
}

test_a_suite_names_traces_from_where_it_is() {
    mkdir "$TMP/suites" "$TMP/traces"
    make_trace traces/app.hmt 5000 1 50 0 plain
    printf '[suite]\nsummary = s\nblocks = 1\n[service]\nworkload = ../traces/app.hmt\nparams = repeat=2\n' \
        >"$TMP/suites/mine.ini"
    "$HEAPMARK" run "$TMP/suites/mine.ini" -q -a glibc -o "$STORE"
    [ "$(query "select label, kind from workloads")" = 'service recorded' ]
    [ "$(query "select name from workloads")" = "$TMP/traces/app.hmt" ]
    [ "$(query "select operations from results where pass = 'timed'")" = 10000 ]
    [ "$(query "select value from facts where name = 'trace_sha256:service'")" = \
        "$(sha256sum "$TMP/traces/app.hmt" | cut -d' ' -f1)" ]
    "$HEAPMARK" show -i "$STORE" | grep -q service
    "$HEAPMARK" list workloads replay | grep -q 'FILE.hmt (recorded)'
}

test_resume_refuses_a_changed_trace() {
    make_trace app.hmt 200000 1 500 0 plain
    "$HEAPMARK" run -q -n 100 -w "$TMP/app.hmt" -a glibc -o "$STORE" 2>"$TMP/err" &
    local run=$!
    until [ -s "$STORE" ] && [ "$(query "select count(*) from trials where status = 'ok'" 2>/dev/null)" -ge 1 ] 2>/dev/null; do
        kill -0 $run || { cat "$TMP/err"; return 1; }
        sleep 0.05
    done
    kill -INT $run
    wait $run || true
    cp "$TMP/app.hmt" "$TMP/kept.hmt"
    make_trace app.hmt 200000 1 501 0 plain
    refuses 2 "trace $TMP/app.hmt has changed" "$HEAPMARK" run --resume -o "$STORE" -q
}

test_a_corrupting_allocator_is_caught() {
    make_trace app.hmt 20000 1 200 0 plain
    local status=0
    replay -w "$TMP/app.hmt" -a "bad=$PWD/$B/tests/unit/shim_corrupting.so" >"$TMP/out" 2>&1 || status=$?
    [ $status = 1 ]
    [ "$(query "select status from trials where pass = 'inspect'")" = corrupt ]
}

# The traces that ship: sound, of the promised sizes, all in the suite, and described as they are.
test_traces_that_ship() {
    local trace calls total=0 bytes
    [ "$(ls workloads/traces/*.hmt | wc -l)" -ge 8 ]
    "$HEAPMARK" trace verify workloads/traces/*.hmt
    for trace in workloads/traces/*.hmt; do
        bytes=$(stat -c %s "$trace")
        total=$((total + bytes))
        [ "$bytes" -le $((3 << 20)) ]
        calls=$("$HEAPMARK" trace info "$trace" | sed -nE 's/^([0-9,]+) calls in .*/\1/p' | tr -d ,)
        [ "$calls" -ge 100000 ] && [ "$calls" -le 10000000 ]
        grep -qF "../traces/${trace##*/}" workloads/suites/recorded.ini
        grep -F "| ${trace##*/} |" workloads/traces/README.md | tr -d , | grep -qF "| $calls |"
    done
    [ "$total" -le $((20 << 20)) ]
}
