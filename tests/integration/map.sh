# heapmark map: the numbers against what the trace itself says, the pictures, and wrong use.
# Each test_* is run by tests/run in a process of its own; see there.

# A program that fills up to 4 MB and lets most of it go: 4000 allocations, 3000 frees. $TMP/live
# says after each tenth of the calls how many bytes are live.
make_trace() {
    awk -v live_file="$TMP/live" 'BEGIN {
        print "= Start"
        calls = 7000
        for (i = 0; i < 4000; i++) {
            size[i] = i % 100 == 7 ? 40000 : i % 50 == 3 ? 0 : 16 + (i * 7919) % 1500
            printf "@ ./app:[0x1] + 0x%x 0x%x\n", 1048576 + i * 65536, size[i]
            live += size[i]; told()
        }
        for (i = 0; i < 4000; i++) if (i % 4) {
            printf "@ ./app:[0x1] - 0x%x\n", 1048576 + i * 65536
            live -= size[i]; told()
        }
        print "= End"
    }
    function told() { if (live > peak) peak = live; if (++done % (calls / 10) == 0) print done, live, peak >live_file }' \
        >"$TMP/app.mtrace"
    "$HEAPMARK" trace import "$TMP/app.mtrace" -o "$TMP/app.hmt" >/dev/null
}

# numbers OPTION...: the CSV of a map of the trace.
numbers() { "$HEAPMARK" map -w "$TMP/app.hmt:touch=all" -o "$TMP/out" --format csv "$@" 2>"$TMP/files" | tr -d '\r' >"$TMP/csv"; }
# column NAME: its values, one a line.
column() { awk -F, -v name="$1" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) c = i } NR > 1 { print $c }' "$TMP/csv"; }

test_numbers_are_those_of_the_trace() {
    make_trace
    numbers -a glibc -a jemalloc -a freelist-best --frames 10
    [ "$(column at | head -n 10 | tail -n 1)" = 100% ]
    for allocator in 1 2 3; do
        first=$((allocator * 10 - 9))
        column operations | tail -n +$first | head -n 10 >"$TMP/operations"
        column live_bytes | tail -n +$first | head -n 10 >"$TMP/bytes"
        paste -d' ' "$TMP/operations" "$TMP/bytes" >"$TMP/seen"
        cut -d' ' -f1,2 "$TMP/live" | cmp - "$TMP/seen"
    done
    # All bytes are written, so all that lives is in memory; and each page has its place in a class.
    awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i; next }
        { pages = $c["empty_bytes"] / $c["page_bytes"]
          for (k = 10; k <= 100; k += 10) pages += $c["pages_to_" k "_percent"]
          if (pages * $c["page_bytes"] != $c["resident_bytes"]) { print "classes: " $0; bad = 1 }
          if ($c["live_resident_bytes"] != $c["live_bytes"]) { print "not in memory: " $0; bad = 1 }
          if ($c["resident_bytes"] < $c["live_bytes"]) { print "resident < live: " $0; bad = 1 }
          if ($c["mapped_bytes"] < $c["resident_bytes"]) { print "mapped < resident: " $0; bad = 1 }
          if ($c["largest_empty_bytes"] > $c["empty_bytes"]) { print "run: " $0; bad = 1 }
          rows++ }
        END { exit bad || rows != 30 }' "$TMP/csv"
    # Only what can be walked has free blocks.
    [ "$(column free_blocks | grep -c .)" = 10 ]
}

test_moments_are_where_they_should_be() {
    make_trace
    numbers -a glibc --at peak
    [ "$(column live_bytes)" = "$(tail -n 1 "$TMP/live" | cut -d' ' -f3)" ]
    numbers -a glibc --at end
    [ "$(column live_bytes)" = "$(tail -n 1 "$TMP/live" | cut -d' ' -f2)" ]
    [ "$(column operations)" = 7000 ]
    numbers -a glibc --at 50%
    [ "$(column operations)" = 3500 ]
    numbers -a glibc --at 0%
    [ "$(column live_blocks)" = 0 ]
    numbers -a glibc --at drained
    [ "$(column live_blocks)" = 0 ]
    [ "$(column resident_bytes)" -gt 0 ]
    [ "$(column empty_bytes)" = "$(column resident_bytes)" ]
}

test_pictures_are_drawn_and_named() {
    make_trace
    "$HEAPMARK" map -w "$TMP/app.hmt" -a glibc -a freelist-worst --at end -o "$TMP/out" >"$TMP/text"
    for name in heap-map-glibc heap-map-freelist-worst heap-map; do
        tail -c 20 "$TMP/out/$name.svg" | grep -q '</svg>'
        tail -c 20 "$TMP/out/$name.png" | grep -q IEND
        grep -q "$name.svg" "$TMP/text"
        # As an image, not as a rectangle for each page.
        grep -q 'data:image/png' "$TMP/out/$name.svg"
        [ "$(wc -c <"$TMP/out/$name.svg")" -lt 400000 ]
    done
    grep -q 'Heap map: app under glibc' "$TMP/out/heap-map-glibc.svg"
    grep -q 'row of holes' "$TMP/out/heap-map-freelist-worst.svg"
    ! grep -q 'row of holes' "$TMP/out/heap-map-glibc.svg"
    grep -q '^freelist-worst  *end ' "$TMP/text"
    "$HEAPMARK" map -w "$TMP/app.hmt" -a glibc --frames 3 -o "$TMP/out" --format json 2>"$TMP/files" |
        /usr/bin/python3 -c 'import json, sys; maps = json.load(sys.stdin)["allocators"][0]["maps"]
assert [m["at"] for m in maps] == ["33.3%", "66.7%", "100%"] and all(m["free_blocks"] is None for m in maps)'
    grep -q 'heap-film-glibc.svg' "$TMP/files"
    [ "$(grep -c 'data:image/png' "$TMP/out/heap-film-glibc.svg")" = 3 ]
}

# refused STATUS WORD OPTION...: one line that has the word.
refused() {
    local status=$1 word=$2 got=0
    shift 2
    env PATH="${FOUND_IN:-$PATH}" "$HEAPMARK" map "$@" >"$TMP/out.txt" 2>"$TMP/err" || got=$?
    [ $got = "$status" ] || { echo "map $*: exit status $got"; cat "$TMP/err"; exit 1; }
    [ "$(wc -l <"$TMP/err")" = 1 ] && grep -q -- "$word" "$TMP/err" || { cat "$TMP/err"; exit 1; }
}

test_wrong_use_is_one_clear_line() {
    make_trace
    trace=$TMP/app.hmt
    refused 2 'name a trace' -a glibc
    refused 2 'no trace' -w webserver -a glibc
    refused 2 'nosuch.hmt' -w "$TMP/nosuch.hmt" -a glibc
    refused 2 'nosuch' -w "$trace" -a nosuch
    for at in sometime 101% -1% % 5 nan% 0x10% 1e1% ''; do refused 2 '^heapmark map: --at' -w "$trace" -a glibc --at="$at"; done
    for frames in 0 1 49 x -3; do refused 2 '^heapmark map: --frames' -w "$trace" -a glibc --frames=$frames; done
    refused 2 'leave out' -w "$trace" -a glibc --frames 4 --at end
    refused 2 'one trace at a time' -w "$trace" -w "$trace"
    refused 2 "unknown format 'xml'" -w "$trace" --format xml
    refused 2 '--time-limit' -w "$trace" --time-limit 0
    refused 2 '/proc/nowhere' -w "$trace" -a glibc -o /proc/nowhere
    echo nonsense >"$TMP/broken.hmt"
    refused 2 'broken.hmt' -w "$TMP/broken.hmt" -a glibc -o "$TMP/out"
    FOUND_IN=$TMP refused 2 'gnuplot is not installed' -w "$trace" -a glibc -o "$TMP/out"
    (ulimit -f 110 && ! "$HEAPMARK" map -w "$trace" -a glibc -o "$TMP/small" 2>"$TMP/err" >/dev/null)
    grep -q 'heap-map-glibc.*File too large' "$TMP/err"
    ! "$HEAPMARK" map -w "$trace" -a glibc -o "$TMP/out" >/dev/full 2>"$TMP/err"
    grep -q 'No space left' "$TMP/err"
}

test_an_allocator_that_crashes_is_told_and_the_others_drawn() {
    make_trace
    cat >"$TMP/crashing.c" <<'C'
#include <stddef.h>
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void __libc_free(void *);
void *malloc(size_t bytes) { if (bytes == 40000) __builtin_trap(); return __libc_malloc(bytes); }
void *calloc(size_t count, size_t bytes) { return __libc_calloc(count, bytes); }
void *realloc(void *block, size_t bytes) { return __libc_realloc(block, bytes); }
void free(void *block) { __libc_free(block); }
C
    cc -shared -fPIC -fno-builtin -o "$TMP/crashing.so" "$TMP/crashing.c"
    status=0
    "$HEAPMARK" map -w "$TMP/app.hmt" -a "bad=$TMP/crashing.so" -a glibc -o "$TMP/out" >"$TMP/text" 2>"$TMP/err" || status=$?
    [ $status = 1 ]
    [ "$(wc -l <"$TMP/err")" = 1 ]
    grep -q 'allocator bad: crashed: SIGILL' "$TMP/err"
    grep -q '^glibc ' "$TMP/text"
    [ -s "$TMP/out/heap-map-glibc.png" ]
    [ ! -e "$TMP/out/heap-map-bad.png" ]
}

# Every block reaches into the next one: the replay, which writes the first byte of each page only,
# does not notice.
test_an_allocator_that_hands_out_bytes_twice_is_told() {
    make_trace
    cat >"$TMP/twice.c" <<'C'
#include <stddef.h>
#include <string.h>
static char heap[64 << 20] __attribute__((aligned(4096)));
static size_t used;
void *malloc(size_t bytes) { void *block = heap + used; used += bytes / 32 * 16 + 16; return used < sizeof heap ? block : NULL; }
void *calloc(size_t count, size_t bytes) { return malloc(count * bytes); }
void *realloc(void *block, size_t bytes) { void *moved = malloc(2 * bytes); return block ? memmove(moved, block, bytes) : moved; }
void free(void *block) { (void)block; }
C
    cc -shared -fPIC -fno-builtin -o "$TMP/twice.so" "$TMP/twice.c"
    status=0
    "$HEAPMARK" map -w "$TMP/app.hmt" -a "bad=$TMP/twice.so" -a glibc -o "$TMP/out" >"$TMP/text" 2>"$TMP/err" || status=$?
    [ $status = 1 ]
    [ "$(wc -l <"$TMP/err")" = 1 ]
    grep -q 'allocator bad: it has handed out the same bytes twice' "$TMP/err"
    grep -q '^glibc ' "$TMP/text"
    ! grep -q '^bad ' "$TMP/text"
}
