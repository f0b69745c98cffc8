# The program as a user meets it: help, lists, a run, every format, charts, installation.
# Each test_* is run by tests/run in a process of its own; see there.

store() { echo "$TMP/results.db"; }
small_run() {
    "$HEAPMARK" run -w pairs:laps=3 -w webserver:laps=3 -w webserver:threads=2,laps=3 -n 6 \
        -a glibc -a freelist-best -a bump -o "$(store)" "$@"
}

test_help_of_every_command_is_complete() {
    "$HEAPMARK" --help >"$TMP/help"
    for command in bisect compare doctor gate list map record run show plot; do
        grep -q "^  $command" "$TMP/help"
        "$HEAPMARK" $command --help >"$TMP/$command"
        grep -q 'Examples:' "$TMP/$command"
        "$HEAPMARK" help $command | cmp - "$TMP/$command"
    done
}

test_man_page_names_every_option() {
    for command in bisect compare doctor gate list map record run show plot; do
        "$HEAPMARK" $command --help | grep -oE -- '--[a-z-]+' | sort -u |
            grep -vxE -- '--(help|usage)' >"$TMP/options"
        [ -s "$TMP/options" ]
        while read -r option; do
            grep -qF -- "-${option#--}" docs/heapmark.1 || { echo "$option of $command is not in the man page"; exit 1; }
        done <"$TMP/options"
    done
    if command -v man >/dev/null; then
        [ -z "$(MANROFFSEQ='' man --warnings -l docs/heapmark.1 2>&1 >/dev/null)" ]
    fi
}

test_list_shows_every_workload_with_source_touch_and_parameters() {
    "$HEAPMARK" list workloads >"$TMP/list"
    for workload in dynamic-array realloc-growth matrix webserver null pairs sqlite3 python3 gcc redis-server z3; do
        grep -q "^  $workload" "$TMP/list" || { echo "$workload is missing"; exit 1; }
    done
    synthetic=$(grep -c 'touches:' "$TMP/list")
    [ "$(grep -c 'laps  *=' "$TMP/list")" = "$synthetic" ]
    [ "$(grep -c 'source: .' "$TMP/list")" -ge "$synthetic" ]
    "$HEAPMARK" list workloads webserver | grep -q 'threads'
    "$HEAPMARK" list workloads linux-scalability | grep -q '^ *preset linux-scalability:classic: .'
    ! "$HEAPMARK" list workloads nosuch 2>/dev/null
    ! "$HEAPMARK" list nonsense 2>/dev/null
}

test_list_shows_allocators_suites_and_measures() {
    "$HEAPMARK" list allocators >"$TMP/list"
    for allocator in bump brkmap freelist-first freelist-next freelist-best freelist-worst glibc jemalloc \
                     mimalloc tcmalloc tbbmalloc scudo glibc-notcache; do
        grep -qE "^[* ] $allocator " "$TMP/list" || { echo "$allocator is missing"; exit 1; }
    done
    grep -q 'GLIBC_TUNABLES' "$TMP/list"
    "$HEAPMARK" list suites | grep -q 'default:'
    "$HEAPMARK" list measures | grep -q 'blow_up'
}

test_run_measures_shows_and_exports() {
    small_run >"$TMP/table" 2>"$TMP/progress"
    grep -q 'trials done' "$TMP/progress"        # plain lines, as this is no terminal
    ! grep -q "$(printf '\r')" "$TMP/progress"
    for name in pairs webserver glibc freelist-best bump; do grep -q "$name" "$TMP/table"; done
    for format in text md csv trials json gbench; do
        "$HEAPMARK" show -i "$(store)" --format $format >"$TMP/$format"
        [ -s "$TMP/$format" ]
        "$HEAPMARK" show -i "$(store)" -f $format -o "$TMP/$format.file"
        cmp "$TMP/$format" "$TMP/$format.file"
    done
    for format in text md csv; do
        "$HEAPMARK" show -i "$(store)" --subject bump -f $format >"$TMP/against"
        grep -q glibc "$TMP/against" && grep -q 'geometric mean' "$TMP/against"
    done
    # 3 measures x (3 workloads + their mean) x 2 peers, and the heading
    [ "$(wc -l <"$TMP/against")" = 25 ]
    "$HEAPMARK" list runs -i "$(store)" | grep -q ' 63 of 63 trials'
    # 3 workloads x 3 allocators x (6 blocks + 1 inspection pass)
    [ "$(sqlite3 "$(store)" "select count(*) from trials where status = 'ok'")" = 63 ]
    [ "$(sqlite3 "$(store)" "select count(*) from trials where pass = 'timed'")" = 54 ]
    [ "$(tail -n +2 "$TMP/csv" | wc -l)" = 9 ]
    [ "$(tail -n +2 "$TMP/trials" | wc -l)" = 63 ]
    /usr/bin/python3 - "$TMP/json" "$TMP/gbench" <<'PY'
import json, sys
run, bench = (json.load(open(p)) for p in sys.argv[1:])
assert run and bench["context"]["date"]
rows = [b for b in bench["benchmarks"] if b["run_type"] == "iteration"]
assert len(rows) == 54, len(rows)
assert all(b["real_time"] > 0 and b["time_unit"] == "ns" for b in rows)
PY
}

test_figures_are_plausible() {
    small_run -q
    # Against bounds that no machine speed moves: what is fixed by the work itself.
    sql() { sqlite3 "$(store)" "$1"; }
    # Same work for all: one count of operations a workload, whatever the allocator and block.
    [ "$(sql "select max(n) from (select count(distinct operations) n from trials
              where status = 'ok' and threads = 1 group by workload_id)")" = 1 ]
    # bump never gives back: it grows by a multiple of what lives.
    [ "$(sql "select count(*) from trials where malloc_file like '%libbump.so' and pass = 'timed'
              and live_peak_bytes > 1048576 and rss_peak_growth_bytes < 3 * live_peak_bytes")" = 0 ]
    # Nobody keeps more live bytes than the peak growth plus what its first pages held.
    [ "$(sql "select count(*) from trials where pass = 'timed' and live_peak_bytes > 1048576
              and rss_peak_growth_bytes < 0.2 * live_peak_bytes")" = 0 ]
    # CPU time of a pinned one-thread trial cannot exceed its wall time by more than a clock's grain.
    [ "$(sql "select count(*) from trials where threads = 1 and pass = 'timed' and cpu_ns > 1.02 * wall_ns + 1000000")" = 0 ]
    # Laps add up to the timed region.
    [ "$(sql "select count(*) from trials t where status = 'ok' and
              wall_ns != (select sum(wall_ns) from laps where trial_id = t.id)")" = 0 ]
}

test_every_trial_was_served_by_its_allocator() {
    small_run -q
    wrong=$(sqlite3 "$(store)" "select count(*) from trials t join allocators a on a.id = t.allocator_id
                                where t.malloc_file != a.file")
    [ "$wrong" = 0 ]
    [ "$(sqlite3 "$(store)" "select count(*) from allocators where length(sha256) = 64 and version != ''")" = 3 ]
    for library in bump freelist-best; do
        stored=$(sqlite3 "$(store)" "select sha256 from allocators where name = '$library'")
        [ "$stored" = "$(sha256sum "$B/lib$library.so" | cut -d' ' -f1)" ]
    done
}

test_plot_draws_every_chart() {
    small_run -q
    "$HEAPMARK" plot -i "$(store)" -o "$TMP/charts" >"$TMP/names"
    for chart in speed peak_rss blow_up scatter syscalls timeline-webserver_laps_3; do
        for kind in svg png; do
            [ -s "$TMP/charts/$chart.$kind" ] || { echo "$chart.$kind is missing"; exit 1; }
            grep -q "$chart.$kind" "$TMP/names"
        done
    done
    ! "$HEAPMARK" plot -i "$(store)" -o /proc/nowhere 2>"$TMP/err"
    grep -q '/proc/nowhere' "$TMP/err"
}

test_progress_bar_on_a_terminal() {
    command -v script >/dev/null || { echo "script(1) is missing"; exit 77; }
    script -qec "$HEAPMARK run -w pairs:laps=2 -n 3 -a glibc -o $(store)" /dev/null >"$TMP/screen" </dev/null
    grep -q '\[#*\.*\] [0-9]* of 4, ' "$TMP/screen"
    grep -q ' left ' "$TMP/screen"
}

test_same_seed_same_plan_and_work() {
    for i in 1 2; do
        "$HEAPMARK" run -w webserver:laps=2 -n 2 -a glibc -a bump --seed 7 --order-seed 9 -o "$TMP/$i.db" -q
        sqlite3 "$TMP/$i.db" "select workload, allocator, block, pass, operations, case threads when 1 then live_peak_bytes end from results order by id" >"$TMP/$i.txt"
    done
    cmp "$TMP/1.txt" "$TMP/2.txt"
    "$HEAPMARK" run -w webserver:laps=2 -n 2 -a glibc -a bump --seed 8 --order-seed 9 -o "$TMP/3.db" -q
    ! sqlite3 "$TMP/3.db" "select workload, allocator, block, pass, operations, case threads when 1 then live_peak_bytes end from results order by id" | cmp -s - "$TMP/1.txt"
}

test_variants_by_environment() {
    "$HEAPMARK" run -w pairs:laps=2 -n 1 -a glibc -a glibc-notcache -o "$(store)" -q
    [ "$(sqlite3 "$(store)" "select count(*) from trials where status = 'ok'")" = 4 ]
    sqlite3 "$(store)" "select env from allocators where name = 'glibc-notcache'" | grep -q tcache_count=0
}

test_installation_works_from_elsewhere() {
    make -s install PREFIX="$TMP/usr" MODE="$(basename "$B")" >/dev/null
    cd "$TMP"
    usr/bin/heapmark list allocators | grep -q bump
    HOME=$TMP/home usr/bin/heapmark run -w pairs:laps=2 -n 1 -a glibc -a bump -q
    [ -s "$TMP/home/.local/share/heapmark/heapmark.db" ]
    HOME=$TMP/home usr/bin/heapmark plot -o "$TMP/charts" >/dev/null
    [ -s "$TMP/charts/speed.png" ] && [ -s "$TMP/usr/share/man/man1/heapmark.1" ]
}
