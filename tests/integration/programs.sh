# Real programs, end to end: run, interrupted, missing. Each test_* is run by tests/run in a
# process of its own; see there.

installed() { command -v "$1" >/dev/null || { echo "$1 is not installed"; exit 77; }; }

run_program() { TMPDIR=$TMP/tmp "$HEAPMARK" run -n 1 -o "$TMP/results.db" "$@"; }

# Nothing of a run may be left: no process with our TMPDIR, no file in it.
nothing_left() {
    local environ
    for environ in /proc/[0-9]*/environ; do
        if grep -qsz "^HOME=$TMP/tmp/heapmark-" "$environ"; then
            echo "still running: $(tr '\0' ' ' <"${environ%environ}cmdline")"
            return 1
        fi
    done
    [ -z "$(ls -A "$TMP/tmp")" ] || { echo "left behind:"; ls -lR "$TMP/tmp"; return 1; }
}

# How many trials ended as $1.
count_status() { sqlite3 "$TMP/results.db" "SELECT count(*) FROM trials WHERE status = '$1'"; }

test_list_shows_every_program() {
    local name
    "$HEAPMARK" list >"$TMP/out"
    for name in gcc ghostscript git lua5.4 nginx perl postgres python3 redis-server rocksdb ruby sort \
        sqlite3 xz z3 zstd; do
        sed -n "/^Whole programs/,/^$/p" "$TMP/out" | grep -q "^  $name "
    done
}

test_each_pass_runs_and_leaves_nothing() {
    installed sqlite3
    mkdir "$TMP/tmp"
    run_program -w sqlite3 -w lua5.4 -a glibc -a freelist-first >"$TMP/out"
    cat "$TMP/out"
    grep -q '^sqlite3: .*whole program' "$TMP/out"
    [ "$(count_status ok)" -gt 0 ]
    [ "$(count_status 'not injected')$(count_status failed)$(count_status planned)" = 000 ]
    nothing_left
}

test_ctrl_c_shuts_the_server_down() {
    local pid status=0 tries=0
    installed redis-server
    mkdir "$TMP/tmp"
    # A job of a script ignores SIGINT from the start, so it is given back its default.
    TMPDIR=$TMP/tmp env --default-signal=INT "$HEAPMARK" run -n 40 -w redis-server -a glibc \
        -o "$TMP/results.db" >"$TMP/out" 2>&1 &
    pid=$!
    until ls "$TMP"/tmp/heapmark-*/work/server.pid >/dev/null 2>&1; do
        tries=$((tries + 1))
        [ $tries -lt 500 ] || { cat "$TMP/out"; return 1; }
        sleep 0.02
    done
    kill -INT $pid
    wait $pid || status=$?
    cat "$TMP/out"
    [ $status = 130 ]
    nothing_left
}

test_a_missing_program_is_skipped_visibly() {
    local tool status=0
    installed sqlite3
    mkdir "$TMP/bin" "$TMP/tmp"
    for tool in sh env hyperfine strace sqlite3 tail grep dpkg-query; do
        ! command -v $tool >/dev/null || ln -s "$(command -v $tool)" "$TMP/bin/$tool"
    done
    PATH=$TMP/bin run_program -w lua5.4 -w sqlite3 -a glibc >"$TMP/out" 2>&1 || status=$?
    cat "$TMP/out"
    [ $status = 0 ]
    grep -q 'lua5.4 is not installed: apt-get install lua5.4' "$TMP/out"
    nothing_left
}

test_a_memory_limit_ends_as_out_of_memory() {
    local status=0
    installed lua5.4
    mkdir "$TMP/tmp"
    run_program -w lua5.4 -a glibc --memory-limit 4M >"$TMP/out" 2>&1 || status=$?
    cat "$TMP/out"
    [ $status = 1 ]
    grep -q 'out of memory' "$TMP/out"
    nothing_left
}
