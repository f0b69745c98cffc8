# heapmark trace as a user meets it: info, verify, dump, cut, scale, profile, leaks, and errors.
# Each test_* is run by tests/run in a process of its own; see there.

# Three threads, blocks that cross, reallocs; 1000 rounds, of which 3 blocks are never freed.
make_trace() {
    awk 'BEGIN {
        for (i = 1; i <= 1000; i++) {
            a = sprintf("0x%x", 4096 + 64 * i); b = sprintf("0x%x", 1048576 + 64 * i)
            printf "10: malloc %s %d\n", a, 16 + i % 7
            printf "11: calloc %s 2 %d\n", b, 50
            if (i % 10 == 0) { c = sprintf("0x%x", 16777216 + 64 * i); printf "10: realloc %s %s 500\n", c, a; a = c }
            if (i > 997) continue
            printf "%d: free %s\n", 10 + i % 3, a
            printf "11: free %s\n", b
        } }' >"$TMP/app.txt"
    "$HEAPMARK" trace import "$TMP/app.txt" -o "$TMP/app.hmt" >/dev/null
}
trace() { "$HEAPMARK" trace "$@"; }
# fails_with STATUS TEXT COMMAND...: it ends so, and says TEXT in one line on stderr.
fails_with() {
    local status=0 expected=$1 text=$2
    shift 2
    "$@" >"$TMP/out" 2>"$TMP/err" || status=$?
    [ $status = "$expected" ] || { echo "status $status of: $*"; cat "$TMP/err"; return 1; }
    grep -q -e "$text" "$TMP/err" || { echo "no '$text' from: $*"; cat "$TMP/err"; return 1; }
}

test_help_of_every_subcommand_is_complete() {
    trace --help >"$TMP/help"
    for command in info verify dump cut scale profile leaks; do
        grep -q "^  $command" "$TMP/help"
        trace $command --help >"$TMP/$command"
        grep -q 'Examples:' "$TMP/$command"
        trace help $command | cmp - "$TMP/$command"
        grep -oE -- '--[a-z-]+' "$TMP/$command" | sort -u | grep -vxE -- '--(help|usage)' >"$TMP/options" || true
        while read -r option; do
            grep -qF -- "-${option#--}" docs/heapmark.1 || { echo "$option of $command is not in the man page"; exit 1; }
            grep -qF -- "$option" docs/traces.md || { echo "$option of $command is not in docs/traces.md"; exit 1; }
        done <"$TMP/options"
    done
}

test_info_tells_the_same_in_text_and_json() {
    make_trace
    trace info "$TMP/app.hmt" >"$TMP/text"
    trace info -f json "$TMP/app.hmt" >"$TMP/json"
    grep -q '^4,094 calls, 3 threads' "$TMP/text"
    grep -q 'not carried .*times' "$TMP/text"
    grep -q '6 blocks never freed' "$TMP/text"
    /usr/bin/python3 - "$TMP/json" <<'PY'
import json, sys
t = json.load(open(sys.argv[1]))
assert t["calls"] == t["operations"] == 4094, t["calls"]
assert t["kinds"]["malloc"]["calls"] == t["kinds"]["calloc"]["calls"] == 1000
assert t["kinds"]["free"]["calls"] == 1994 and t["resized_moved"] == 100
assert t["end"]["blocks"] == 6 and t["mistakes"] == 0 and t["complete"]
assert sum(c["count"] for c in t["sizes"]) == t["objects"] == 2100
assert max(v for _, v in t["live_by_operation"]) == t["peak"]["bytes"]
assert sum(x["calls"] for x in t["threads"]) == t["calls"]
assert "times" in t["not_carried"]
PY
    trace info "$TMP/app.hmt" "$TMP/app.hmt" | grep -c '^4,094 calls' | grep -qx 2
    LC_ALL=C trace info "$TMP/app.hmt" | LC_ALL=C grep -q '#'
    LC_ALL=C.UTF-8 trace info "$TMP/app.hmt" | grep -q '█'
}

test_info_draws_charts() {
    make_trace
    trace info --plot "$TMP/charts" "$TMP/app.hmt" >/dev/null 2>"$TMP/names"
    for chart in sizes lifetimes live; do
        for kind in svg png; do
            [ -s "$TMP/charts/$chart.$kind" ]
            grep -q "$chart.$kind" "$TMP/names"
        done
    done
    [ "$(tail -n +2 "$TMP/charts/tables/sizes.tsv" | awk '{ n += $2 } END { print n }')" = 2100 ]
    fails_with 2 'cannot create the folder' "$HEAPMARK" trace info --plot /proc/nowhere "$TMP/app.hmt"
    fails_with 2 'one trace at a time' "$HEAPMARK" trace info --plot "$TMP/c" "$TMP/app.hmt" "$TMP/app.hmt"
}

test_verify_says_yes_or_names_the_operation() {
    make_trace
    trace verify "$TMP/app.hmt" | grep -qx "$TMP/app.hmt: 4094 operations, no mistake"
    size=$(stat -c %s "$TMP/app.hmt")
    head -c $((size - 1)) "$TMP/app.hmt" >"$TMP/half.hmt"
    trace verify "$TMP/half.hmt" >"$TMP/out"
    grep -q 'never written' "$TMP/out"
    # Damage in the midst is a mistake, too; the other file is looked at all the same.
    cp "$TMP/app.hmt" "$TMP/bad.hmt"
    printf '\377\377\377\377' | dd of="$TMP/bad.hmt" bs=1 seek=$((size / 2)) conv=notrunc status=none
    status=0
    trace verify "$TMP/bad.hmt" "$TMP/app.hmt" >"$TMP/out" 2>&1 || status=$?
    [ $status = 1 ] || [ $status = 2 ]
    grep -q 'app.hmt: 4094 operations, no mistake' "$TMP/out"
    grep -q 'bad.hmt' "$TMP/out"
}

test_dump_holds_every_operation() {
    make_trace
    trace dump "$TMP/app.hmt" >"$TMP/dump"
    [ "$(grep -vc '^#' "$TMP/dump")" = 4094 ]
    grep -q '^#index	time_ns	thread	kind	address	old_address	size	alignment	error	flags$' "$TMP/dump"
    grep -v '^#' "$TMP/dump" | awk -F'\t' 'NF != 10 || $1 != NR - 1 { exit 1 }'
    trace dump --from 100 --to 200 "$TMP/app.hmt" | grep -v '^#' >"$TMP/part"
    grep -v '^#' "$TMP/dump" | sed -n 101,200p | cmp - "$TMP/part"
    trace dump --thread 1 "$TMP/app.hmt" | grep -v '^#' | cmp - <(awk -F'\t' '$3 == 1' "$TMP/dump")
    [ "$(trace dump --from 50% "$TMP/app.hmt" | grep -vc '^#')" = 2047 ]
    trace dump "$TMP/app.hmt" | head -n 1 >/dev/null # a closed pipe is no crash
}

test_cut_stands_by_itself() {
    make_trace
    trace cut "$TMP/app.hmt" -o "$TMP/cut.hmt" --from 1001 --to 75% 2>&1 | grep -q 'blocks that were live'
    trace verify "$TMP/cut.hmt" | grep -q 'no mistake'
    trace cut "$TMP/app.hmt" -o "$TMP/drop.hmt" --from 1001 --to 75% --drop-live >/dev/null
    trace verify "$TMP/drop.hmt" | grep -q 'no mistake'
    trace info "$TMP/cut.hmt" | grep -q 'source  *cut'
    trace info "$TMP/cut.hmt" | grep -q 'provenance  *operations 1001 to 3070 of app.hmt'
    # In place of the source itself.
    trace cut "$TMP/cut.hmt" -o "$TMP/cut.hmt" --from 50% >/dev/null
    trace verify "$TMP/cut.hmt" | grep -q 'no mistake'
    [ -z "$(find "$TMP" -name '*.part')" ]
}

test_scale_multiplies() {
    make_trace
    trace scale "$TMP/app.hmt" -o "$TMP/copies.hmt" --copies 3 2>&1 | grep -q '12282 operations: 3 copies .* 3 threads'
    trace scale "$TMP/app.hmt" -o "$TMP/threads.hmt" --threads 3 2>&1 | grep -q '12282 operations: 3 copies .* 9 threads'
    trace verify "$TMP/copies.hmt" "$TMP/threads.hmt" | grep -c 'no mistake' | grep -qx 2
    for kind in copies threads; do
        trace info -f json "$TMP/$kind.hmt" >"$TMP/$kind.json"
    done
    trace info -f json "$TMP/app.hmt" >"$TMP/one.json"
    /usr/bin/python3 - "$TMP" <<'PY'
import json, sys
one, copies, threads = (json.load(open(f"{sys.argv[1]}/{n}.json")) for n in ("one", "copies", "threads"))
for t in copies, threads:
    assert t["bytes"] == 3 * one["bytes"] and t["ended_of_others"] == 3 * one["ended_of_others"]
    assert t["end"]["bytes"] == 3 * one["end"]["bytes"]
PY
}

test_profile_is_a_table_for_a_generator() {
    make_trace
    trace profile "$TMP/app.hmt" | grep -q '2,100 blocks of 9 sizes'
    trace profile "$TMP/app.hmt" -o "$TMP/p.csv"
    trace profile "$TMP/app.hmt" -o "$TMP/bare.csv" --bare
    head -n 1 "$TMP/p.csv" | grep -q '^size,alloc_rate,num_live,'
    tail -n +2 "$TMP/p.csv" | cut -d, -f1-3 | cmp - "$TMP/bare.csv"
    awk -F, 'NF != 3 || $1 <= last || $2 <= 0 || $3 <= 0 { exit 1 } { last = $1 } END { exit NR != 9 }' "$TMP/bare.csv"
    head -n 1 "$TMP/p.csv" | tr ',' '\n' | while read -r column; do
        grep -q "\`$column\`" docs/traces.md || { echo "column $column is not described"; exit 1; }
    done
    [ "$(tail -n +2 "$TMP/p.csv" | awk -F, '{ n += $6 } END { print n }')" = 2100 ]
}

test_leaks_are_told_by_size_and_thread() {
    make_trace
    trace leaks "$TMP/app.hmt" >"$TMP/text"
    grep -q ': 6 of 2,100 blocks never freed, 841 B of' "$TMP/text"
    trace leaks -f json "$TMP/app.hmt" >"$TMP/json"
    /usr/bin/python3 - "$TMP/json" <<'PY'
import json, sys
t = json.load(open(sys.argv[1]))
assert t["leaked_blocks"] == 6
assert [(g["size"], g["blocks"]) for g in t["by_size"]][:2] == [(500, 1), (100, 3)], t["by_size"]
assert sum(g["bytes"] for g in t["by_thread"]) == t["leaked_bytes"]
PY
    trace leaks --top 1 "$TMP/app.hmt" | grep -q 'more sizes'
    trace cut "$TMP/app.hmt" -o "$TMP/cut.hmt" --to 1001 2>/dev/null
    trace leaks "$TMP/cut.hmt" | grep -q 'which is no leak'
    # A half-written trace does not become whole by being copied.
    head -c $(($(stat -c %s "$TMP/app.hmt") - 9)) "$TMP/app.hmt" >"$TMP/half.hmt"
    trace cut "$TMP/half.hmt" -o "$TMP/cut.hmt" --from 1% 2>/dev/null
    trace scale "$TMP/half.hmt" -o "$TMP/scaled.hmt" --copies 2 2>/dev/null
    trace leaks "$TMP/cut.hmt" | grep -q 'which is no leak'
    trace leaks "$TMP/scaled.hmt" | grep -q 'which is no leak'
}

test_wrong_use_is_told() {
    make_trace
    fails_with 2 'unknown subcommand' "$HEAPMARK" trace nonsense
    fails_with 2 'Usage' "$HEAPMARK" trace
    for command in info verify dump cut scale profile leaks; do
        fails_with 2 'which trace' "$HEAPMARK" trace $command
    done
    fails_with 2 'none.hmt' "$HEAPMARK" trace cut "$TMP/none.hmt" -o "$TMP/o"
    fails_with 2 'none.hmt' "$HEAPMARK" trace scale "$TMP/none.hmt" -o "$TMP/o" --copies 2
    cut() { "$HEAPMARK" trace cut "$TMP/app.hmt" "$@"; }
    fails_with 2 'missing' cut
    fails_with 2 'lies after --to' cut -o "$TMP/o" --from 20 --to 10
    fails_with 2 'behind the end' cut -o "$TMP/o" --from 4094
    fails_with 2 'no operation' cut -o "$TMP/o" --from 10 --to 10
    fails_with 2 'not understood' cut -o "$TMP/o" --from 5parsecs
    fails_with 2 'between 0%' cut -o "$TMP/o" --to 101%
    fails_with 2 'has no times' cut -o "$TMP/o" --from 1s
    fails_with 2 'a folder' cut -o "$TMP"
    fails_with 2 'from 2 to' "$HEAPMARK" trace scale "$TMP/app.hmt" -o "$TMP/o" --copies 1
    fails_with 2 'one of --copies' "$HEAPMARK" trace scale "$TMP/app.hmt" -o "$TMP/o" --copies 2 --threads 2
    fails_with 2 'how often' "$HEAPMARK" trace scale "$TMP/app.hmt" -o "$TMP/o"
    fails_with 2 'thread(s)' "$HEAPMARK" trace dump --thread 3 "$TMP/app.hmt"
    fails_with 2 'number of a thread' "$HEAPMARK" trace dump --thread x "$TMP/app.hmt"
    fails_with 2 'unknown format' "$HEAPMARK" trace info -f yaml "$TMP/app.hmt"
    fails_with 2 'from 1' "$HEAPMARK" trace leaks --top 0 "$TMP/app.hmt"
    fails_with 2 'PROFILE.csv is missing' "$HEAPMARK" trace profile --bare "$TMP/app.hmt"
    [ ! -e "$TMP/o" ]
}

test_files_that_are_no_traces_are_told() {
    make_trace
    echo hello >"$TMP/text"
    : >"$TMP/empty"
    for command in info verify dump profile leaks; do
        for file in text empty none; do
            fails_with 2 "$TMP/$file" "$HEAPMARK" trace $command "$TMP/$file"
        done
    done
    # Cut off anywhere: read as far as it goes, or refused; never a crash.
    size=$(stat -c %s "$TMP/app.hmt")
    for bytes in 1 9 40 100 $((size / 2)) $((size - 9)); do
        head -c "$bytes" "$TMP/app.hmt" >"$TMP/half.hmt"
        for command in info verify leaks profile; do
            status=0
            trace $command "$TMP/half.hmt" >"$TMP/out" 2>&1 || status=$?
            [ $status -le 2 ] && [ -s "$TMP/out" ]
        done
    done
}

test_a_full_disk_leaves_nothing_behind() {
    make_trace
    for command in "cut --from 0" "scale --copies 1000"; do
        # shellcheck disable=SC2086
        status=0
        (ulimit -f 1; trace $command "$TMP/app.hmt" -o "$TMP/o.hmt" >/dev/null 2>"$TMP/err") || status=$?
        [ $status = 2 ] && grep -q "o.hmt.*File too large" "$TMP/err"
        ! grep -q '\.part' "$TMP/err"
        [ ! -e "$TMP/o.hmt" ] && [ -z "$(find "$TMP" -name '*.part')" ]
    done
    fails_with 2 'No space left' "$HEAPMARK" trace cut "$TMP/app.hmt" -o /dev/full
    fails_with 2 'No space left' "$HEAPMARK" trace profile "$TMP/app.hmt" -o /dev/full
    for command in info dump leaks profile verify; do
        status=0
        trace $command "$TMP/app.hmt" >/dev/full 2>"$TMP/err" || status=$?
        [ $status = 2 ] && grep -q 'No space left' "$TMP/err"
    done
    fails_with 2 'cannot write\|No such file' "$HEAPMARK" trace cut "$TMP/app.hmt" -o "$TMP/none/o.hmt"
}

test_a_signal_leaves_nothing_behind() {
    make_trace
    mkdir "$TMP/there"
    for signal in INT TERM HUP; do
        for command in "scale $TMP/app.hmt --copies 4096" "import -f memory-replay -"; do
            # bash lets what runs in the background ignore INT.
            # shellcheck disable=SC2086
            env --default-signal=INT "$HEAPMARK" trace $command -o "$TMP/there/o.hmt" < <(yes "10: free 0x0") >/dev/null 2>"$TMP/err" &
            pid=$!
            for _ in $(seq 300); do
                [ -z "$(ls -A "$TMP/there")" ] || break
                sleep 0.01
            done
            [ "$(ls -A "$TMP/there")" = ".o.hmt.$pid.part" ] || { echo "$command drafts '$(ls -A "$TMP/there")'"; exit 1; }
            status=0
            kill -$signal $pid
            wait $pid || status=$?
            [ -z "$(ls -A "$TMP/there")" ] || { echo "$command, $signal: $(ls -A "$TMP/there")"; exit 1; }
            [ $status = $((128 + $(kill -l $signal))) ] || { echo "$command, $signal: status $status"; exit 1; }
        done
    done
}

test_a_signal_takes_gnuplot_along() {
    make_trace
    mkdir "$TMP/bin"
    # shellcheck disable=SC2016
    printf '#!/bin/sh\necho half >"$5.svg"\necho $$ >"%s/gnuplot"\nexec sleep 60\n' "$TMP" >"$TMP/bin/gnuplot"
    chmod +x "$TMP/bin/gnuplot"
    for command in "trace info --plot $TMP/charts $TMP/app.hmt" "map -w $TMP/app.hmt -a glibc -o $TMP/charts"; do
        rm -f "$TMP/gnuplot"
        # shellcheck disable=SC2086
        PATH=$TMP/bin:$PATH "$HEAPMARK" $command >/dev/null 2>"$TMP/err" &
        pid=$!
        for _ in $(seq 1000); do
            [ ! -s "$TMP/gnuplot" ] || break
            sleep 0.01
        done
        [ -n "$(find "$TMP/charts" -name '.*.svg')" ]
        status=0
        kill $pid
        wait $pid || status=$?
        [ $status = 143 ] || { echo "$command: status $status"; cat "$TMP/err"; exit 1; }
        [ -z "$(find "$TMP/charts" -name '.*.svg')" ] || { find "$TMP/charts"; exit 1; }
        ! kill -0 "$(cat "$TMP/gnuplot")" 2>/dev/null
    done
}

test_a_dash_is_standard_output() {
    make_trace
    trace cut "$TMP/app.hmt" -o - --to 100 2>/dev/null >"$TMP/a.hmt"
    trace cut "$TMP/app.hmt" -o - --to 100 2>/dev/null | cat >"$TMP/b.hmt"
    trace verify "$TMP/a.hmt" "$TMP/b.hmt"
    trace scale "$TMP/a.hmt" -o - --copies 2 2>/dev/null | cat >"$TMP/c.hmt"
    trace verify "$TMP/c.hmt"
    trace profile "$TMP/app.hmt" -o - | grep -q '^size,'
    [ ! -e ./- ]
}
