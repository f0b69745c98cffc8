# Sweeps of parameters and of allocators' settings, as a user has them.
# Each test_* is run by tests/run in a process of its own; see there.

STORE=$TMP/results.db
SMALL=pairs=200,laps=2

run() { "$HEAPMARK" run -q -n 2 --sample-step 0 -o "$STORE" "$@"; }
query() { sqlite3 -separator ' ' "$STORE" "$1"; }

test_each_value_is_a_workload_that_is_stored_shown_and_drawn() {
    run -w "pairs:$SMALL,size=16..1k*8,threads=1/2" -a glibc -a jemalloc
    "$HEAPMARK" show -i "$STORE" >"$TMP/table"
    [ "$(query "select label from workloads" | sort)" = \
      "$(for s in 16 128 1k; do for t in 1 2; do printf 'pairs:%s,size=%s,threads=%s\n' $SMALL $s $t; done; done | sort)" ]
    [ "$(query "select count(*) from workloads where params like '%size=1024,%'")" = 2 ]
    [ "$(query "select count(*) from trials where status = 'ok' and pass = 'timed'")" = 24 ]
    # Interleaved: all values of block 0 come before any of block 1.
    [ "$(query "select max(id) < (select min(id) from trials where block = 1 and pass = 'timed')
                from trials where block = 0 and pass = 'timed'")" = 1 ]
    # Three sizes are a curve, two numbers of threads are not.
    grep -q '^pairs by size (threads=2): ns a call' "$TMP/table"
    ! grep -q 'by threads' "$TMP/table"
    "$HEAPMARK" show -i "$STORE" -f md | grep -q '^| size | 16 | 128 | 1k |$'
    "$HEAPMARK" plot -i "$STORE" -o "$TMP/charts" >"$TMP/names"
    for t in 1 2; do
        grep -q "curve-pairs-size-threads_$t.svg" "$TMP/names"
        [ -s "$TMP/charts/curve-pairs-size-threads_$t.png" ]
    done
    # A block an allocator, a row a value.
    [ "$(awk 'NF && $1 != "NaN"' "$TMP/charts/tables/curve-pairs-size-threads_1.tsv" | wc -l)" = 6 ]
    grep -q '>1k<' "$TMP/charts/curve-pairs-size-threads_1.svg"
}

test_a_sweep_resumes() {
    "$HEAPMARK" run -q -n 5 --sample-step 0 -o "$STORE" -w 'pairs:pairs=100k,size=16..64' -a glibc >"$TMP/out" 2>&1 &
    local pid=$! tries=0
    until [ "$(query "select count(*) from trials where status = 'ok'" 2>/dev/null || echo 0)" -ge 2 ]; do
        sleep 0.1
        [ $((tries += 1)) -lt 300 ]
    done
    kill -INT $pid
    ! wait $pid
    [ "$(query "select count(*) from trials where status = 'planned'")" -gt 0 ]
    "$HEAPMARK" run -q -o "$STORE" --resume
    "$HEAPMARK" show -i "$STORE" >"$TMP/table"
    [ "$(query "select count(*) from trials where status != 'ok'")" = 0 ]
    [ "$(query "select count(*) from trials where pass = 'timed'")" = 15 ]
    grep -q '^pairs by size' "$TMP/table"
}

test_settings_are_allocators_of_their_own() {
    run -w "pairs:$SMALL" -a glibc:arena_max=1..4,tcache_count=0 -a jemalloc \
        -a jemalloc:MALLOC_CONF=narenas:1,tcache:false
    "$HEAPMARK" show -i "$STORE" >"$TMP/table"
    [ "$(query "select count(*) from trials where status = 'ok' and pass = 'timed'")" = 10 ]
    [ "$(query "select env from allocators where name = 'glibc:arena_max=4,tcache_count=0'")" = \
      "GLIBC_TUNABLES=glibc.malloc.arena_max=4:glibc.malloc.tcache_count=0" ]
    [ "$(query "select env from allocators where name like 'jemalloc:%'")" = "MALLOC_CONF=narenas:1,tcache:false" ]
    grep -q '^glibc:arena_max=2,tcache_count=0$' "$TMP/table" # too long for its column
    "$HEAPMARK" plot -i "$STORE" -o "$TMP/charts" >/dev/null
    grep -q '>arena_max=2<\|>glibc:arena_max=1,tcache_count=0<\|Thin lines' "$TMP/charts/scatter.svg"
    "$HEAPMARK" compare -q jemalloc jemalloc:narenas=1 -w "pairs:$SMALL" --max-pairs 12 -o "$STORE" >"$TMP/out" || [ $? -lt 3 ]
    grep -q 'jemalloc:narenas=1' "$TMP/out"
}

refused() { # what is said, words
    local said=$1
    shift
    ! run "$@" 2>"$TMP/said" >/dev/null
    grep -qF -- "$said" "$TMP/said" || { cat "$TMP/said"; exit 1; }
}

test_what_a_library_does_not_take_is_refused() {
    refused 'Invalid conf pair: nonsense:1' -w "pairs:$SMALL" -a jemalloc:MALLOC_CONF=nonsense:1
    refused 'Invalid conf value: narenas:x' -w "pairs:$SMALL" -a jemalloc:narenas=x
    refused "has no option 'nonsense'" -w "pairs:$SMALL" -a mimalloc:MIMALLOC_NONSENSE=1
    refused "unknown option 'nonsense'" -w "pairs:$SMALL" -a glibc:nonsense=1
    /lib64/ld-linux-x86-64.so.2 --list-tunables 2>/dev/null | grep -q glibc.malloc || return 0
    refused 'glibc does not take glibc.malloc.arena_max=0' -w "pairs:$SMALL" -a glibc:arena_max=0
    refused "no tunable 'glibc.malloc.nonsense'" -w "pairs:$SMALL" -a glibc:GLIBC_TUNABLES=glibc.malloc.nonsense=1
}

test_sweeps_that_cannot_be_are_refused() {
    refused 'begins with the smaller' -w pairs:size=64..16 -a glibc
    refused 'more than 64 values' -w pairs:size=1..100+1 -a glibc
    refused 'more than 256 combinations' -w pairs:size=1..32+1,batch=1..32+1 -a glibc
    refused 'must be a size' -w pairs:size=16/many -a glibc
    ! "$HEAPMARK" compare -q glibc glibc:arena_max=1/2 -w "pairs:$SMALL" -o "$STORE" 2>"$TMP/said"
    grep -q 'name one value' "$TMP/said"
}

test_suites_are_whole() {
    "$HEAPMARK" list suites >"$TMP/list"
    for suite in quick default full threads options recorded programs; do
        grep -q "^  $suite: ." "$TMP/list" || { echo "no line of $suite"; exit 1; }
    done
    "$HEAPMARK" list >"$TMP/list"
    grep -Eq '^  webserver +requests' "$TMP/list"
    grep -q '^Synthetic patterns' "$TMP/list"
    ! grep -q 'touches:' "$TMP/list"
}
