# The harness itself, built with sanitizers, through a whole run; the runner stays plain, since a
# sanitizer would bring a malloc of its own into the process under test.

whole_run() {
    local program=$PWD/build/$1/heapmark
    [ -x "$program" ] || { echo "build/$1 is not built"; exit 77; }
    "$program" run -w pairs:laps=2 -w webserver:threads=2,laps=2 -n 2 -a glibc -a freelist-best -a bump \
        -o "$TMP/x.db" >"$TMP/out"
    for format in text md csv trials json gbench; do
        "$program" show -i "$TMP/x.db" --format $format >/dev/null
    done
    "$program" list >/dev/null
    "$program" list runs -i "$TMP/x.db" >/dev/null
    "$program" plot -i "$TMP/x.db" -o "$TMP/charts" >/dev/null
    ! "$program" run -w nosuch -o "$TMP/x.db" 2>"$TMP/err"
    ! grep -q 'Sanitizer' "$TMP/err"
}

test_whole_run_under_asan_and_ubsan() { whole_run asan; }
test_whole_run_under_tsan() { whole_run tsan; }
