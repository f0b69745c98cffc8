# heapmark run -w FILE.ini: workload files, and those that come with heapmark.
# Each test_* is run by tests/run in a process of its own; see there.

STORE=$TMP/results.db

run() { "$HEAPMARK" run -q -n 1 --sample-step 0 -o "$STORE" "$@"; }
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

write_pattern() {
    cat >"$TMP/my.ini" <<'END'
[global]
threads = 2
laps = 5
summary = a test
[a]
operations = 10k
sizes = log-normal 64 1 most 4k
live = 200k
handover = 20
realloc = 10
calloc = 10
aligned = 5
END
}

# The timed calls are those of the file, to the call, under every allocator; contents are checked.
test_the_same_calls_under_every_allocator() {
    write_pattern
    run -w "$TMP/my.ini" -w "$TMP/my.ini:threads=1,a.operations=4k,laps=2" -a glibc -a jemalloc -a bump
    [ "$(query "select count(*) from trials where status != 'ok'")" = 0 ]
    [ "$(query "select count(*) from results where pass = 'inspect'")" = 6 ]
    [ "$(query "select distinct sum(laps.operations) from laps join results on results.id = trial_id
                where workload = 'my' and pass = 'timed' group by trial_id")" = 20000 ]
    [ "$(query "select distinct sum(laps.operations) from laps join results on results.id = trial_id
                where workload like 'my:%' and pass = 'timed' group by trial_id")" = 4000 ]
    [ "$(query "select count(distinct live_peak_bytes) from results where threads = 1")" = 1 ]
    [ "$(query "select distinct live_bytes from checkpoints where checkpoint = 'drained'")" = 0 ]
}

test_what_was_run_is_kept_and_a_changed_file_is_refused() {
    write_pattern
    run -w "$TMP/my.ini:threads=1" -a glibc
    [ "$(query "select value from facts where name like 'workload_file:my%'")" = "$(cat "$TMP/my.ini")" ]
    [ "$(query "select length(value) from facts where name like 'workload_sha256:my%'")" = 64 ]
    query "select params from workloads" | tee "$TMP/params"
    grep -qx 'threads=1,touch=page,speed=max,repeat=1,laps=5' "$TMP/params"
    query "delete from trials where id = (select max(id) from trials)"
    query "update runs set finished_ns = 0"
    echo '# changed' >>"$TMP/my.ini"
    refuses 2 'has changed since run' "$HEAPMARK" run -q -o "$STORE" --resume
}

test_parameters_can_be_swept() {
    write_pattern
    run -w "$TMP/my.ini:threads=1/2,a.live=100k..200k,laps=2,operations=2k" -a glibc
    query "select distinct params from workloads" | sort >"$TMP/params"
    cat "$TMP/params"
    [ "$(wc -l <"$TMP/params")" = 4 ]
    grep -q '^threads=2,a.live=200k,operations=2k,' "$TMP/params"
}

test_mistakes_are_named() {
    write_pattern
    refuses 2 'workload file /no/such.ini: No such file' run -w /no/such.ini
    refuses 2 "is no parameter of it" run -w "$TMP/my.ini:a/b.live=3"
    refuses 2 "a whole number from 1 to 64 is needed" run -w "$TMP/my.ini:threads=0"
    echo 'colour = red' >>"$TMP/my.ini"
    refuses 2 "my.ini:13: unknown key 'colour' in [a]" run -w "$TMP/my.ini"
    refuses 2 "my.ini:13: unknown key 'colour' in [a]" \
        "$HEAPMARK" trace generate "$TMP/my.ini" -o "$TMP/my.hmt"
    [ ! -e "$TMP/my.hmt" ]
    printf '[global]\nsizes = 8\nlive = 1M\n[a]\nhandover = much\n' >"$TMP/my.ini"
    refuses 2 'my.ini:5: handover = much: percent' run -w "$TMP/my.ini"
    refuses 2 'is a workload file, not a suite: heapmark run -w' "$HEAPMARK" run "$TMP/my.ini"
    mkdir "$TMP/folder.ini"
    refuses 2 'Is a directory' run -w "$TMP/folder.ini"
}

test_a_suite_names_files_from_where_it_is() {
    write_pattern
    mkdir "$TMP/suites"
    printf '[suite]\nblocks = 1\n[mine]\nworkload = ../my.ini\nparams = threads=1\n' >"$TMP/suites/s.ini"
    "$HEAPMARK" run -q --sample-step 0 -o "$STORE" "$TMP/suites/s.ini" -a glibc
    [ "$(query "select distinct workload, threads from results")" = 'mine 1' ]
}

# Every example that ships, made small.
test_the_examples_run() {
    local words=() file
    for file in workloads/patterns/*.ini; do
        words+=(-w "$file:operations=6k,laps=3,rounds=1")
        grep -q '^summary = ' "$file" && grep -q '^imitates = ' "$file" && grep -q '^source = ' "$file"
        head -1 "$file" | grep -q '^# '
    done
    [ ${#words[@]} -ge 20 ]
    run "${words[@]}" -a glibc
    [ "$(query "select count(*) from trials where status != 'ok'")" = 0 ]
    [ "$(query "select count(*) from results where operations = 0")" = 0 ]
}

test_a_pattern_as_a_trace() {
    write_pattern
    "$HEAPMARK" trace generate "$TMP/my.ini" -p threads=3 -o "$TMP/my.hmt"
    "$HEAPMARK" trace verify "$TMP/my.hmt"
    "$HEAPMARK" trace info -f json "$TMP/my.hmt" >"$TMP/info.json"
    python3 - "$TMP/info.json" <<'END'
import json, sys
info = json.load(open(sys.argv[1]))
assert len(info["threads"]) == 3, info["threads"]
END
    "$HEAPMARK" trace generate "$TMP/my.ini" -p threads=3 -o "$TMP/again.hmt"
    cmp "$TMP/my.hmt" "$TMP/again.hmt"
    "$HEAPMARK" trace generate "$TMP/my.ini" -p threads=3 --seed 2 -o "$TMP/other.hmt"
    ! cmp -s "$TMP/my.hmt" "$TMP/other.hmt"
}

test_the_heap_of_a_pattern_is_mapped() {
    command -v gnuplot >/dev/null || exit 77
    write_pattern
    "$HEAPMARK" map -w "$TMP/my.ini" -a glibc -o "$TMP/map" >"$TMP/out"
    cat "$TMP/out"
    grep -q glibc "$TMP/out"
}

test_arrivals_take_their_time() {
    printf '[a]\nsizes = 64\nlive = 64k\nrate = 1000\nburst = 10\noperations = 2000\n[global]\nlaps = 4\n' >"$TMP/paced.ini"
    run -w "$TMP/paced.ini" -w "$TMP/paced.ini:speed=max" -a glibc
    [ "$(query "select min(sum) > 150000000 from (select sum(laps.wall_ns) sum from laps join results on results.id = trial_id
                where workload = 'paced' and pass = 'timed' group by trial_id)")" = 1 ]
    query "select params from workloads" | grep -q speed=1
}

# Sizes, lifetimes and the live curve of the twin agree with the recording's within the bounds that
# docs/workload-files.md states.
test_the_twin_agrees_with_the_recording() {
    local trace
    for trace in sqlite3 git; do
        "$HEAPMARK" trace profile "workloads/traces/$trace.hmt" --twin "$TMP/$trace.ini" | tee "$TMP/told"
        awk '/distance of sizes/ { sizes = $4 } /distance of lifetimes/ { lives = $4 }
             /distance of live/ { live = $5 } /live peak/ { peak = $6 / $3 }
             END { exit !(sizes != "" && sizes <= 0.002 && lives <= 0.1 && live <= 10 && peak > 0.8 && peak < 1.2) }' "$TMP/told"
    done
    # The bounds mean something: with one slice the curve is another.
    "$HEAPMARK" trace profile workloads/traces/sqlite3.hmt --twin "$TMP/flat.ini" --slices 1 | tee "$TMP/told"
    awk '/distance of live/ { live = $5 } END { exit !(live > 10) }' "$TMP/told"
    run -w "$TMP/sqlite3.ini:repeat=1,laps=2" -a glibc
    [ "$(query "select count(*) from trials where status != 'ok'")" = 0 ]
    [ "$(query "select operations between 485000 and 497000 from results where pass = 'timed'")" = 1 ]
}

test_the_twin_s_threads_free_each_other_s_blocks() {
    "$PWD/$B/tests/figures/make_trace" "$TMP/two.hmt" 40000 2 500 40 all
    "$HEAPMARK" trace profile "$TMP/two.hmt" --twin "$TMP/two.ini" | tee "$TMP/told"
    awk '/freed elsewhere/ { exit !($3 > 10 && $6 > 0.9 * $3 && $6 < 1.1 * $3) }' "$TMP/told"
    run -w "$TMP/two.ini:laps=3,repeat=1" -a glibc -a mimalloc
    [ "$(query "select count(*) from trials where status != 'ok'")" = 0 ]
    [ "$(query "select distinct threads from results")" = 2 ]
}

test_the_twin_is_drawn() {
    command -v gnuplot >/dev/null || exit 77
    "$HEAPMARK" trace profile workloads/traces/git.hmt --twin "$TMP/git.ini" --plot "$TMP/charts" 2>"$TMP/err"
    cat "$TMP/err"
    grep -q 'charts/twin.png' "$TMP/err"
    [ "$(head -c 8 "$TMP/charts/twin.png" | od -An -tx1 | tr -d ' \n')" = 89504e470d0a1a0a ]
    [ "$(wc -l <"$TMP/charts/tables/twin_live.tsv")" = 513 ]
}

test_twins_are_refused_with_a_reason() {
    refuses 2 'its name must end in .ini' "$HEAPMARK" trace profile workloads/traces/git.hmt --twin "$TMP/git"
    refuses 2 'cannot write' "$HEAPMARK" trace profile workloads/traces/git.hmt --twin /no/such/git.ini
    refuses 2 'No such file' "$HEAPMARK" trace profile /no/such.hmt --twin "$TMP/git.ini"
    if [ -w /dev/full ]; then
        refuses 2 'No space left' "$HEAPMARK" trace generate workloads/patterns/ageing.ini \
            -p operations=2k -o /dev/full
    fi
}

# Two stored runs of a file that changed in between are not compared with each other.
test_stored_runs_of_a_changed_file_are_not_compared() {
    write_pattern
    "$HEAPMARK" run -q -n 6 --sample-step 0 -o "$STORE" -w "$TMP/my.ini:operations=1k" -a glibc
    "$HEAPMARK" run -q -n 6 --sample-step 0 -o "$STORE" -w "$TMP/my.ini:operations=1k" -a glibc
    local first second status=0
    first=$(query "select name from runs order by id limit 1")
    second=$(query "select name from runs order by id desc limit 1")
    "$HEAPMARK" compare -o "$STORE" "run:$first/glibc" "run:$second/glibc" >"$TMP/out" 2>&1 || status=$?
    cat "$TMP/out"
    [ $status -le 2 ]
    query "update facts set value = 'another' where name like 'workload_sha256:%' and run_id = 2"
    status=0
    "$HEAPMARK" compare -o "$STORE" "run:$first/glibc" "run:$second/glibc" >"$TMP/out" 2>&1 || status=$?
    cat "$TMP/out"
    [ $status = 3 ]
}
