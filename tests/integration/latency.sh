# heapmark run --latency: times of single calls, as a user has them.
# Each test_* is run by tests/run in a process of its own; see there.

MAKE_TRACE=$PWD/$B/tests/figures/make_trace
STORE=$TMP/results.db
SMALL=pairs:pairs=4000,laps=20

run() { "$HEAPMARK" run -q -n 2 --sample-step 0 -o "$STORE" "$@"; }
show() { "$HEAPMARK" show -i "$STORE" "$@"; }
query() { sqlite3 -separator ' ' "$STORE" "$1"; }

test_each_block_has_a_latency_pass_and_timed_trials_have_no_times_of_calls() {
    run -w "$SMALL" -w realloc-growth:laps=4,steps=2000 -a glibc -a jemalloc --latency=8
    [ "$(query "select count(*) from trials where status != 'ok'")" = 0 ]
    [ "$(query "select count(*) from trials where pass = 'latency'")" = 8 ]
    [ "$(query "select count(*) from trials where pass = 'timed'")" = 8 ]
    [ "$(query "select count(*) from trials where pass != 'latency' and latency_samples is not null")" = 0 ]
    [ "$(query "select count(*) from trials where pass = 'latency' and (latency_gap != 8 or latency_paced != 0
                or latency_p50_ns > latency_p90_ns or latency_p90_ns > latency_max_ns)")" = 0 ]
    # The bins are all of the calls that were timed, and so is the table of percentiles.
    [ "$(query "select count(*) from trials where latency_samples is not
                (select sum(calls) from latency where trial_id = id)")" = 0 ]
    local all
    all=$(query "select sum(latency_samples) from results where workload = 'realloc-growth:laps=4,steps=2000'
                 and allocator = 'glibc'")
    show -f latency | tr -d '\r' >"$TMP/percentiles.csv"
    [ "$(awk -F, '$2 ~ /^"?realloc/ && /,glibc,all,all,/ { print $(NF - 6) }' "$TMP/percentiles.csv")" = "$all" ]
    show -f histogram | tr -d '\r' >"$TMP/bins.csv"
    [ "$(awk -F, '/realloc-growth/ && /,glibc,/ { sum += $NF } END { print sum }' "$TMP/bins.csv")" = "$all" ]
    show -f json | python3 -c '
import json, sys
trials = json.load(sys.stdin)["trials"]
assert all(bool(t["latency"]) == (t["pass"] == "latency") for t in trials)
assert all(sum(b[3] for b in t["latency"]) == (t["latency_samples"] or 0) for t in trials)'
    # The same calls are timed under every allocator of a block.
    [ "$(query "select max(n) from (select count(distinct latency_samples) n from results
                where pass = 'latency' group by workload, block)")" = 1 ]
    show >"$TMP/text"
    grep -q 'closed loop: from its start to its end (one call in 8;' "$TMP/text"
    grep -Eq '^ +realloc +[0-9.]+' "$TMP/text"
    show -f md | grep -Eq '^\| jemalloc \| free \|'
}

test_without_the_option_there_is_none() {
    run -w "$SMALL" -a glibc
    [ "$(query "select count(*) from trials where pass = 'latency'")" = 0 ]
    ! show | grep -q 'time of single calls'
    [ "$(show -f latency | wc -l)" = 1 ]
}

test_every_call_of_a_trace_is_timed_when_asked() {
    "$MAKE_TRACE" "$TMP/all.hmt" 20000 2 500 30 all
    run -w "$TMP/all.hmt:repeat=3" -w "$TMP/all.hmt:threads=fold,repeat=1" -a glibc --latency=1
    [ "$(query "select distinct latency_samples - operations from results where pass = 'latency'")" = 0 ]
    [ "$(query "select count(distinct call) from latency")" = 5 ]
}

# What is late is counted from when it was due; a recording of 0.2 s at four times its speed.
test_paced_replays_are_open_loops() {
    "$MAKE_TRACE" "$TMP/paced.hmt" 4000 1 100 0 plain 50000
    run -w "$TMP/paced.hmt:speed=4" -w "$TMP/paced.hmt:repeat=1" -a glibc --latency=1
    [ "$(query "select group_concat(distinct latency_paced) from results where workload like '%speed%' and pass = 'latency'")" = 1 ]
    [ "$(query "select group_concat(distinct latency_paced) from results where workload like '%repeat%' and pass = 'latency'")" = 0 ]
    # No call can have waited for longer than the trial was.
    [ "$(query "select count(*) from results where pass = 'latency' and latency_max_ns > elapsed_ns")" = 0 ]
    show | grep -q 'open loop: from when each was due to its end (every call;'
}

test_charts_are_drawn() {
    run -w "$SMALL" -w null -a glibc -a jemalloc --latency=4
    "$HEAPMARK" plot -i "$STORE" -o "$TMP/charts"
    # The label is the workload's with all that could trouble a file system made '_'.
    grep -q 'Time of single calls' "$TMP"/charts/latency-pairs*.svg
    [ -s "$(echo "$TMP"/charts/latency-pairs*.png)" ]
    # null makes no calls of malloc: there is a chart that says nothing, or none, but no failure.
    grep -q . "$TMP/charts/tables/latencies.tsv"
}

test_wrong_gaps_are_refused() {
    local gap
    for gap in 0 -1 x 1000001; do
        status=0
        run -w "$SMALL" -a glibc "--latency=$gap" 2>"$TMP/err" || status=$?
        [ "$status" = 2 ]
        grep -q -- "--latency $gap: give a whole number from 1 to" "$TMP/err"
    done
}

test_a_resumed_run_keeps_its_gap() {
    run -w "$SMALL" -a glibc --latency=32
    query "update trials set status = 'planned' where pass = 'latency' and block = 1"
    query "update runs set finished_ns = null"
    "$HEAPMARK" run -q --resume -o "$STORE"
    [ "$(query "select group_concat(distinct latency_gap) from trials where pass = 'latency'")" = 32 ]
    [ "$(query "select count(*) from trials where status != 'ok'")" = 0 ]
}

PACED=webserver:requests=1000,laps=4,connections=40,logins=80,rate=100k,arrivals=poisson

test_paced_requests_count_from_when_they_were_due() {
    run -w "$PACED" -w "webserver:requests=1000,laps=4,connections=40,logins=80" -a glibc -a jemalloc --latency
    [ "$(query "select count(*) from trials where status != 'ok'")" = 0 ]
    # Paced ones are timed in timed trials, all of them; those of a closed loop in latency passes.
    [ "$(query "select distinct requests || ' ' || paced from results where pass = 'timed' and workload like '%rate%'")" = "4000 1" ]
    [ "$(query "select count(*) from results where (request_max_ns is not null) !=
                (pass = case when workload like '%rate%' then 'timed' else 'latency' end)")" = 0 ]
    [ "$(query "select group_concat(distinct n) from (select sum(calls) n from latency where call = 'request' group by trial_id)")" = 4000 ]
    [ "$(query "select count(*) from results where request_p50_ns < service_p50_ns or request_max_ns < service_max_ns
                or requests_served_ns < requests_due_ns * 0.99")" = 0 ]
    show >"$TMP/text"
    grep -q 'time of requests, open loop: from when each was due' "$TMP/text"
    grep -q 'time of requests, closed loop: from its start' "$TMP/text"
    grep -Eq '^ +service +8.00 k' "$TMP/text"
    grep -Eq 'glibc: [0-9.]+ % of the rate, at most .* waiting' "$TMP/text"
    # No speed is made of a schedule.
    show -f csv | python3 -c '
import csv, sys
rows = {(r["workload"], r["allocator"]): r for r in csv.DictReader(sys.stdin)}
assert all((r["throughput"] == "") == ("rate=" in w) for (w, a), r in rows.items()), rows
assert all((r["wall"] == "") == ("rate=" in w) for (w, a), r in rows.items())'
    show -f latency | grep -Eq 'jemalloc,request,,due,1,0,8000,'
    show -f latency | grep -Eq 'jemalloc,service,,start,1,0,8000,'
    show -f md | grep -Eq '^\| jemalloc \| service \|'
    "$HEAPMARK" plot -i "$STORE" -o "$TMP/charts"
    grep -q 'request: from when it was due' "$TMP"/charts/requests-webserver*poisson.svg
    [ "$(ls "$TMP"/charts/requests-webserver*.png | wc -l)" = 2 ]
}

test_a_rate_that_is_not_kept_is_told() {
    run -w webserver:requests=2000,laps=2,rate=10M -a glibc -n 1
    show | tr -s ' \n' ' ' | grep -Eq 'glibc: [0-9.]+ % of the rate, at most [0-9.]+ k? ?waiting: it could not keep up'
}

test_a_pace_is_refused_where_there_is_none() {
    local wrong
    for wrong in webserver:rate=0 webserver:rate=20% webserver:arrivals=poisson webserver:burst=2 pairs:rate=10; do
        status=0
        run -w "$wrong" -a glibc 2>"$TMP/err" || status=$?
        [ "$status" = 2 ]
        [ "$(wc -l <"$TMP/err")" = 1 ]
    done
}

test_compare_takes_no_schedule_for_speed() {
    status=0
    "$HEAPMARK" compare glibc glibc -w "$PACED" --max-pairs 10 -o "$STORE" >"$TMP/out" 2>"$TMP/err" || status=$?
    cat "$TMP/out" "$TMP/err"
    ! grep -Eq '^ [ *] +(time|cpu|throughput) ' "$TMP/out"
    grep -Eq '^ [ *] +rss .*(same|undecided|larger|smaller)' "$TMP/out"
}

test_a_suite_can_ask_for_the_latency_pass() {
    printf '[suite]\nsummary = s\nblocks = 1\nlatency = 16\n[pairs]\nparams = pairs=2000,laps=4\n' >"$TMP/s.ini"
    run "$TMP/s.ini" -a glibc
    [ "$(query "select distinct latency_gap from trials where pass = 'latency'")" = 16 ]
    printf '[suite]\nlatency = none\n[pairs]\n' >"$TMP/s.ini"
    status=0
    run "$TMP/s.ini" -a glibc 2>"$TMP/err" || status=$?
    [ "$status" = 2 ]
    grep -q 'latency = none is not in 1 to 1000000' "$TMP/err"
}
