# heapmark trace import and export, on files that the tools themselves produced
# (tests/data/convert/README.md tells how).
DATA=tests/data/convert

# imports FILE WORDS...: imports it, verifies it, and finds each of WORDS in what was said.
imports() {
    local file=$1 word
    shift
    "$HEAPMARK" trace import "$DATA/$file" -o "$TMP/out.hmt" 2>"$TMP/said" || { cat "$TMP/said"; exit 1; }
    "$HEAPMARK" trace verify "$TMP/out.hmt"
    for word in "$@"; do
        grep -qF -- "$word" "$TMP/said" || { echo "$file: '$word' is not in:"; cat "$TMP/said"; exit 1; }
    done
}

# kinds OF "N kind": counts kinds of the last import.
kinds() {
    "$HEAPMARK" trace dump "$TMP/out.hmt" | grep -v '^#' | cut -f 4 | sort | uniq -c | awk '{ print $1, $2 }' | paste -sd, -
}

refuses() {
    local words=$1 status=0
    shift
    "$HEAPMARK" trace "$@" 2>"$TMP/said" || status=$?
    [ $status = 2 ] || { echo "exit status $status of: $*"; exit 1; }
    [ "$(wc -l <"$TMP/said")" = 1 ]
    grep -qF -- "$words" "$TMP/said" || { echo "'$words' is not in:"; cat "$TMP/said"; exit 1; }
}

test_import_heaptrack() {
    imports family.heaptrack-raw.zst "53 operations from heaptrack-raw" "no threads, alignments" "2 blocks"
    [ "$(kinds)" = "26 free,27 malloc" ]
    imports family.heaptrack.zst "51 operations from heaptrack" "identity" "the newest such block is assumed"
    [ "$(kinds)" = "24 free,27 malloc" ]
    "$HEAPMARK" trace dump "$TMP/out.hmt" | grep -q '^# fact	has_addresses	no'
}

test_import_mtrace() {
    imports family.mtrace "53 operations from mtrace" "no threads, times or alignments"
    [ "$(kinds)" = "23 free,26 malloc,4 realloc" ]
    [ "$("$HEAPMARK" trace dump "$TMP/out.hmt" | grep -c 'failed')" = 2 ]
}

test_import_valgrind() {
    imports family.valgrind.gz "from valgrind" "no threads or times"
    "$HEAPMARK" trace dump "$TMP/out.hmt" | grep -q 'memalign.*4096'
    imports new.valgrind "from valgrind"
    "$HEAPMARK" trace dump "$TMP/out.hmt" | grep -q '^# fact	command	./new'
    "$HEAPMARK" trace dump "$TMP/out.hmt" | grep -q 'memalign.*64'
}

test_import_rep_in_both_orders() {
    imports heap-first.rep "9 operations from rep" "heap size first"
    "$HEAPMARK" trace dump "$TMP/out.hmt" | grep -v '^#' >"$TMP/first"
    imports weight-first.rep "weight first"
    "$HEAPMARK" trace dump "$TMP/out.hmt" | grep -v '^#' | cmp - "$TMP/first"
}

test_import_wl_memory_replay_malloc_bench_csv() {
    imports threads.wl "66 operations from wl" "threads: 3" "no times, addresses or the order of calls across threads"
    [ "$(kinds)" = "1 calloc,28 free,31 malloc,2 memalign,4 realloc" ] || { kinds; exit 1; }
    imports memory-replay.txt "15 operations" "threads: 4" "no times"
    imports memory-replay.zip "15 operations" "no times"
    imports memory-replay-times.txt "15 operations" "threads: 4"
    if grep -q times "$TMP/said"; then exit 1; fi
    imports family.malloc-bench.gz "14 operations from malloc-bench" "no threads, times or addresses"
    imports own.csv "5 operations from csv" "threads: 2"
}

test_import_names_and_pipes() {
    cp $DATA/family.mtrace "$TMP/app.mtrace"
    (cd "$TMP" && "$HEAPMARK" trace import app.mtrace 2>said && [ -s app.mtrace.hmt ])
    zcat $DATA/family.valgrind.gz | "$HEAPMARK" trace import - -o - 2>"$TMP/said" >"$TMP/piped.hmt"
    "$HEAPMARK" trace verify "$TMP/piped.hmt"
    refuses "say -o" import - </dev/null
    "$HEAPMARK" trace import --list >"$TMP/list"
    for format in heaptrack mtrace valgrind rep wl memory-replay malloc-bench csv; do grep -q "^$format " "$TMP/list"; done
}

test_wrong_input_is_refused_and_leaves_nothing() {
    printf '= Start\n@ a:[0x1] + 0x10 0x8\n@ a:[0x1] - 0x10\n@ a:[0x1] - 0x10\n' >"$TMP/twice"
    mkdir "$TMP/out"
    refuses "$TMP/twice:4: frees or resizes a block that has been freed" import "$TMP/twice" -o "$TMP/out/a.hmt"
    [ -z "$(ls "$TMP/out")" ]
    echo before >"$TMP/out/a.hmt"
    refuses "twice:4:" import "$TMP/twice" -o "$TMP/out/a.hmt"
    [ "$(cat "$TMP/out/a.hmt")" = before ]
    "$HEAPMARK" trace import --lenient "$TMP/twice" -o "$TMP/out/a.hmt" 2>"$TMP/said"
    grep -q '1 lines or operations skipped' "$TMP/said"
    "$HEAPMARK" trace verify "$TMP/out/a.hmt"
    head -c 400 $DATA/family.heaptrack-raw.zst >"$TMP/cut.zst"
    refuses "cut.zst: byte" import "$TMP/cut.zst" -o "$TMP/out/b.hmt"
    head -c 310 $DATA/threads.wl >"$TMP/cut.wl"
    refuses "cut.wl: byte 309: the end, inside" import "$TMP/cut.wl" -o "$TMP/out/b.hmt"
    refuses "no format known" import Makefile -o "$TMP/out/b.hmt"
    refuses "not a header" import --format rep $DATA/family.mtrace -o "$TMP/out/b.hmt"
    refuses "cannot read" import "$TMP/absent"
    refuses "cannot read" import "$TMP"
    refuses "unknown format 'x'; there are:" import --format x $DATA/family.mtrace
    refuses "to export to" import --format jsonl $DATA/family.mtrace -o "$TMP/out/b.hmt"
    [ "$(ls "$TMP/out")" = a.hmt ]
}

test_full_disk_is_an_error() {
    # Larger than what the limit lets be written: blocks of a kibibyte do.
    awk 'BEGIN { srand(1); for (i = 1; i < 60000; i++) printf "1: malloc 0x%x0 %d\n", i, 1e9 * rand() }' >"$TMP/large"
    mkdir "$TMP/out"
    (ulimit -f 16; refuses "File too large" import "$TMP/large" -o "$TMP/out/a.hmt")
    [ -z "$(ls "$TMP/out")" ]
    "$HEAPMARK" trace import "$TMP/large" -o "$TMP/large.hmt" 2>"$TMP/said"
    (ulimit -f 16; refuses "File too large" export --format csv "$TMP/large.hmt" -o "$TMP/out/a.csv")
    [ -z "$(ls "$TMP/out")" ]
    refuses "No space left" export --format csv "$TMP/large.hmt" -o /dev/full
    refuses "No space left" import "$TMP/large" -o /dev/full
    if "$HEAPMARK" trace export --format csv "$TMP/large.hmt" >/dev/full 2>"$TMP/said"; then exit 1; fi
    refuses "cannot write $TMP/absent/a.csv" export --format csv "$TMP/large.hmt" -o "$TMP/absent/a.csv"
}

test_export_and_back() {
    "$HEAPMARK" trace import $DATA/family.mtrace -o "$TMP/a.hmt" 2>"$TMP/said"
    for format in rep rep-weight mtrace memory-replay wl malloc-bench csv; do
        "$HEAPMARK" trace export --format $format "$TMP/a.hmt" -o "$TMP/foreign" 2>"$TMP/said"
        grep -q "^53 calls as $format" "$TMP/said"
        "$HEAPMARK" trace import "$TMP/foreign" -o "$TMP/back.hmt" 2>"$TMP/said"
        "$HEAPMARK" trace verify "$TMP/back.hmt"
    done
    "$HEAPMARK" trace export --format rep "$TMP/a.hmt" 2>"$TMP/said" | head -n 3 | tail -n 1 | grep -qx 51
    grep -q '^lost: 2 failed calls' "$TMP/said"
    "$HEAPMARK" trace export --format jsonl "$TMP/a.hmt" 2>"$TMP/said" |
        python3 -c 'import json, sys; assert len([json.loads(line) for line in sys.stdin]) == 53'
    if "$HEAPMARK" trace export "$TMP/a.hmt" 2>"$TMP/said"; then exit 1; fi
    grep -q 'which format? say --format' "$TMP/said"
    refuses "to import from" export --format valgrind "$TMP/a.hmt"
    refuses "cannot read" export --format csv "$TMP/absent"
}

# The C library of this machine, and valgrind where it is installed, here and now.
test_import_from_tools_of_this_machine() {
    local library
    library=$(ls /lib/*/libc_malloc_debug.so.0 2>/dev/null | head -n 1)
    [ -n "$library" ] || { echo "no libc_malloc_debug.so.0"; exit 77; }
    ${CC:-cc} -O0 -w -pthread -o "$TMP/family" $DATA/family.c
    MALLOC_TRACE=$TMP/now.mtrace LD_PRELOAD=$library "$TMP/family"
    "$HEAPMARK" trace import "$TMP/now.mtrace" -o "$TMP/now.hmt" 2>"$TMP/said"
    "$HEAPMARK" trace verify "$TMP/now.hmt"
    if command -v valgrind >/dev/null; then
        NO_PVALLOC=1 valgrind --trace-malloc=yes "$TMP/family" 2>"$TMP/now.valgrind"
        "$HEAPMARK" trace import "$TMP/now.valgrind" -o "$TMP/now.hmt" 2>"$TMP/said"
        "$HEAPMARK" trace verify "$TMP/now.hmt"
    fi
}

test_help_is_complete_and_in_the_man_page() {
    for command in import export; do
        "$HEAPMARK" trace $command --help >"$TMP/help"
        grep -q 'Examples:' "$TMP/help"
        grep -oE -- '--[a-z-]+' "$TMP/help" | sort -u | grep -vxE -- '--(help|usage|trace-malloc)' >"$TMP/options"
        [ -s "$TMP/options" ]
        while read -r option; do
            sed -n "/^.Ss trace $command/,/^.El/p" docs/heapmark.1 | grep -qF -- "-${option#--}" ||
                { echo "$option is not in the man page"; exit 1; }
        done <"$TMP/options"
    done
    # Every format that the table of the page names is there, and the other way round.
    "$HEAPMARK" trace import --list | awk '{ print $1 }' | sort >"$TMP/formats"
    sed -n 's/^| \([a-z, -]*\) | \(in\|out\|both\) |.*/\1/p' docs/trace-import.md | tr -d ' ' | tr , '\n' | sort |
        cmp - "$TMP/formats"
}
