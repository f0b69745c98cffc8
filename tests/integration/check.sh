# heapmark check: what passes, what does not, and every verdict on libraries that are broken on purpose.
# Each test_* is run by tests/run in a process of its own; see there.

# broken CODE: a library over the C library's malloc with that code in it, as $TMP/libbroken.so.
broken() {
    cat >"$TMP/broken.c" <<'EOF'
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);
void *malloc(size_t n) { return __libc_malloc(n); }
void *calloc(size_t n, size_t m) { return __libc_calloc(n, m); }
void *realloc(void *p, size_t n) { return __libc_realloc(p, n); }
void *memalign(size_t a, size_t n) { return __libc_memalign(a, n); }
void *aligned_alloc(size_t a, size_t n) { return __libc_memalign(a, n); }
size_t malloc_usable_size(void *p) { return p ? ((size_t *)p)[-1] / 16 * 16 - 8 : 0; }
EOF
    echo "$1" >>"$TMP/broken.c"
    cc -shared -fPIC -O1 -fno-builtin -w -o "$TMP/libbroken.so" "$TMP/broken.c"
}
FREE='void free(void *p) { int e = errno; __libc_free(p); errno = e; }'

# check STATUS ARGUMENT...: its exit status, its output in $TMP/out.
check() {
    local wanted=$1 status=0
    shift
    "$HEAPMARK" check "$@" >"$TMP/out" 2>"$TMP/err" || status=$?
    [ "$status" = "$wanted" ] || { cat "$TMP/out" "$TMP/err"; return 1; }
}

test_in_house_allocators_pass() {
    check 0 glibc freelist-best bump -t 'too-large*' -t 'errno*' -t '*overflow' -t posix* -t cxx* -t size-zero \
        -t libc-blocks --all
    grep -q '^glibc  *[12][0-9] of [12][0-9]' "$TMP/out"
    grep -q 'freelist-best  *too-large-malloc  *pass' "$TMP/out"
}

test_processes_exhaustion_and_misuse() {
    check 0 freelist-best brkmap -t before-main -t after-main -t dlopen-dlclose -t fork-plain -t 'limit-data' \
        -t 'double-free/*' -t break-fails
    grep -q '^double-free  *A A [ACL]  *A A A' "$TMP/out"
    check 0 glibc --group contract -t free-null --soak 200ms
    grep -q '^glibc  *1 of 1  *1 of 1' "$TMP/out"
}

# Without a known deviation. It takes seconds: one of the free-lists stands for the others.
test_the_whole_suite_passes() {
    check 0 brkmap freelist-first --group contract --group processes --group exhaustion
    grep -q '^brkmap  *\([0-9]*\) of \1 ' "$TMP/out"
    ! grep 'known' "$TMP/out"
}

test_a_failure_says_why() {
    broken 'void free(void *p) { __libc_free(p); errno = 99; }'
    check 1 "$TMP/libbroken.so" -t errno-free -t free-null
    grep -q '^  broken .*errno-free .*fail: free of 1 bytes changes errno to 99' "$TMP/out"
    check 1 mine="$TMP/libbroken.so" -t errno-free --format junit -o "$TMP/junit.xml"
    grep -q '<failure message="fail: free of 1 bytes' "$TMP/junit.xml"
    check 1 "$TMP/libbroken.so" glibc -t errno-free --format json
    python3 - "$TMP/out" <<'EOF'
import json, sys
results = json.load(open(sys.argv[1]))["results"]
assert [(r["allocator"], r["outcome"], r["failure"]) for r in results] == \
    [("broken", "fail", True), ("glibc", "pass", False)], results
EOF
    check 1 "$TMP/libbroken.so" -t errno-free --format md
    grep -q '^| broken | errno-free | fail | free of 1 bytes' "$TMP/out"
}

# The page stands by itself, and each part of it is there. Any XML parser reads it; tidy, where it is
# installed, knows HTML.
test_the_page_is_whole() {
    broken 'void free(void *p) { __libc_free(p); errno = 99; }'
    check 1 "$TMP/libbroken.so" glibc -t errno-free -t aligned-alloc-invalid -t 'double-free/*' --format html -o "$TMP/page.html"
    python3 - "$TMP/page.html" "$TMP/libbroken.so" <<'EOF'
import sys, xml.etree.ElementTree as tree
root = tree.parse(sys.argv[1]).getroot()
html = "{http://www.w3.org/1999/xhtml}"
text = "".join(root.itertext())
assert sys.argv[2] in text and "Machine: " in text and " unexpected: not passed." in text
assert not root.findall(f".//{html}script") and not root.findall(f".//{html}link")
assert all(a.get("href").startswith("#") for a in root.iter(html + "a"))
rows = {row[0].text: [cell.get("class") for cell in row[1:]] for row in root.iter(html + "tr")
        if row[0].find(html + "span") is not None}
assert rows == {"errno-free": ["bad", "good"], "aligned-alloc-invalid": [rows["aligned-alloc-invalid"][0], "known"]}, rows
letters = [abbr.text for abbr in root.iter(html + "abbr")]
assert letters[3:] == ["A", "A", "A"], letters
EOF
    command -v tidy >/dev/null || return 0
    tidy -e -q --show-warnings yes "$TMP/page.html"
}

test_a_crash_names_the_signal() {
    broken "$FREE"' void *pvalloc(size_t n) { *(volatile int *)0 = 1; return 0; }'
    check 1 "$TMP/libbroken.so" -t valloc-pvalloc
    grep -q 'valloc-pvalloc .*crash: SIGSEGV' "$TMP/out"
}

test_a_hang_ends_at_the_limit() {
    broken "$FREE"' void *pvalloc(size_t n) { for (;;) pause(); }'
    check 1 "$TMP/libbroken.so" -t valloc-pvalloc --time-limit 500ms
    grep -q 'valloc-pvalloc .*hang: still running at the time limit' "$TMP/out"
}

test_a_library_without_malloc_is_not_injected() {
    echo 'int nothing;' >"$TMP/empty.c"
    cc -shared -fPIC -o "$TMP/libempty.so" "$TMP/empty.c"
    check 1 "$TMP/libempty.so" glibc -t errno-free
    grep -q 'empty .*not injected: .*does not provide malloc' "$TMP/out"
    grep -q '^glibc  *1 of 1' "$TMP/out"
}

test_deviations_are_known() {
    check 0 glibc -t aligned-alloc-invalid
    grep -q 'aligned-alloc-invalid  *known: .*rounds' "$TMP/out"
}

# A list that says of an allocator what is not so: the table tells, and the exit status.
test_a_deviation_that_is_gone_is_told() {
    local tree="$TMP/tree"
    mkdir -p "$tree/build/release" "$tree/allocators"
    cp "$B/heapmark" "$B/heapmark-check" "$B/heapmark-runner" "$tree/build/release/"
    cp allocators/allocators.ini "$tree/allocators/"
    printf '[glibc]\nfree-null = once did not\nerrno-free = sometimes: may\n' >"$tree/allocators/deviations.ini"
    HEAPMARK="$tree/build/release/heapmark" check 1 glibc -t free-null -t errno-free
    grep -q '2 of 2, 1 unexpectedly' "$TMP/out"
    grep -q 'free-null  *passes now' "$TMP/out"
    grep -q '1 passed against the list' "$TMP/out"
    HEAPMARK="$tree/build/release/heapmark" check 1 glibc -t free-null -t errno-free --format junit
    grep -q 'tests="2" failures="1"' "$TMP/out"
    grep -q 'name="free-null".*<failure message="pass: the list of known deviations says it does not"/>' "$TMP/out"
}

test_misuse_is_in_columns() {
    check 0 freelist-best brkmap brkmap-hardened --group misuse -t 'double-free/*' -t 'overflow-1/*' -t zero-size-write
    grep -q '^overflow-1  *A A [.A]  *[.] [.] [.]  *A A F *$' "$TMP/out"
    grep -q '^zero-size-write  *[.]  *[.]  *F *$' "$TMP/out"
    grep -q 'brkmap-hardened ended 7 of 7, 7 of them at once' "$TMP/out"
}

test_deviations_are_of_tests_that_exist() {
    local name
    check 0 --list
    sed -n 's/^\([a-z-]*\) = .*/\1/p' allocators/deviations.ini | sort -u >"$TMP/names"
    [ "$(wc -l <"$TMP/names")" -gt 20 ]
    while read -r name; do
        grep -Eq "^[a-z]+ +$name " "$TMP/out" || { echo "no test is called $name"; return 1; }
    done <"$TMP/names"
}

test_wrong_use() {
    check 2 -t 'no-such*'
    grep -q "no test is called 'no-such\*'" "$TMP/err"
    check 2 --group nothing
    check 2 --format xml
    check 2 "$TMP/none.so"
    check 2 no-such-allocator
    check 2 glibc -t errno-free -o "$TMP/no/such/folder"
    check 2 --time-limit 0 glibc
}

test_list_has_every_group() {
    check 0 --list
    for group in contract processes exhaustion misuse soak; do grep -q "^$group " "$TMP/out"; done
}
