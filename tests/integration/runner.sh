# The runner's command line, as heapmark asks it and as a curious user would.
# Each test_* is run by tests/run in a process of its own; see there.

RUNNER=$PWD/$B/heapmark-runner

# prints COMMAND...: exit status 0, nothing on stderr, output in $TMP/out
prints() {
    "$@" >"$TMP/out" 2>"$TMP/err" || { echo "failed: $*"; cat "$TMP/err"; return 1; }
    [ ! -s "$TMP/err" ] || { cat "$TMP/err"; return 1; }
}

# refuses SPEC 'words': exit status 2, nothing on stdout, one line on stderr with the words
refuses() {
    local status=0
    "$RUNNER" --check "$1" >"$TMP/out" 2>"$TMP/err" || status=$?
    cat "$TMP/err"
    [ $status = 2 ] || { echo "$1: exit status $status"; return 1; }
    [ ! -s "$TMP/out" ] || { echo "$1: something on stdout"; return 1; }
    [ "$(wc -l <"$TMP/err")" = 1 ] || { echo "$1: not one line"; return 1; }
    grep -qF -- "$2" "$TMP/err" || { echo "$1: does not say '$2'"; return 1; }
    grep -q '^heapmark-runner: ' "$TMP/err"
}

test_check_spells_out_all_parameters() {
    prints "$RUNNER" --check pairs
    [ "$(cat "$TMP/out")" = "size=32,batch=32,pairs=300000,order=lifo,accounting=on,touch=none,threads=1,laps=40" ]
    prints "$RUNNER" --check pairs:threads=2,size=4k,order=fifo,pairs=1M
    [ "$(cat "$TMP/out")" = "size=4096,batch=32,pairs=1000000,order=fifo,accounting=on,touch=none,threads=2,laps=40" ]
}

# What --check prints is taken again and means the same.
test_check_takes_its_own_answer() {
    local name
    for name in $("$RUNNER" --describe | awk -F'\t' '$1 == "workload" { print $2 }'); do
        prints "$RUNNER" --check "$name"
        local full; full=$(cat "$TMP/out")
        prints "$RUNNER" --check "$name:$full"
        [ "$(cat "$TMP/out")" = "$full" ] || { echo "$name: not the same"; return 1; }
    done
}

test_check_refuses_absurd_values() {
    refuses pairs:threads=0 'workload pairs: threads=0: must be a whole number from 1 to 64'
    refuses pairs:threads=-1 'from 1 to 64'
    refuses pairs:threads= 'from 1 to 64'
    refuses pairs:pairs=1000000000000000000000000000000 'from 1 to 1000000000'
    refuses pairs:pairs=1e30 'must be a whole number'
    refuses pairs:pairs=10^30 'must be a whole number'
    refuses pairs:size=1,size=2 'size is given twice'
    refuses pairs:size 'not of the form parameter=value'
    refuses pairs:,size=1 'not of the form parameter=value'
    refuses pairs:order=random 'must be one of lifo|fifo'
    refuses pairs:laps=99999 'must be a whole number from 1 to 1024'
}

test_check_names_what_was_meant() {
    refuses webserve "unknown workload 'webserve', did you mean 'webserver'?"
    refuses pears "did you mean 'pairs'?"
    refuses '' '`heapmark list workloads` shows all'
    refuses xyzzy "unknown workload 'xyzzy'; \`heapmark list"
    refuses webserver:request=1 "unknown parameter 'request', did you mean 'requests'?"
    refuses null:threds=2 "did you mean 'threads'?"
}

test_check_refuses_tables_beyond_sense() {
    refuses pairs:batch=1M,threads=64 'its tables would take more than 256 MiB'
    refuses dynamic-array:arrays=10M,threads=64 'its tables would take more than 256 MiB'
    refuses webserver:requests=10M 'its tables would take more than 256 MiB'
}

test_check_spells_out_presets() {
    "$RUNNER" --describe | awk -F'\t' '
        $1 == "workload" { name = $2 } $1 == "preset" { print name ":" $2 }' >"$TMP/presets"
    [ -s "$TMP/presets" ]
    while read -r preset; do
        prints "$RUNNER" --check "$preset"
        full=$(cat "$TMP/out")
        prints "$RUNNER" --check "$preset,laps=3"
        [ "${full%laps=*}laps=3" = "$(cat "$TMP/out")" ]
    done <"$TMP/presets"
    refuses linux-scalability:clasic "unknown preset 'clasic', did you mean 'classic'"
}

# The synthetic workloads of the suites that ship, with the parameters they have there.
test_check_takes_what_the_suites_hold() {
    "$RUNNER" --describe | awk -F'\t' '$1 == "workload" { print $2 }' >"$TMP/names"
    "$HEAPMARK" list suites | awk 'NF > 1 && /^      [^ ]/ { print $2 }' |
        awk -F: 'NR == FNR { known[$1] = 1; next } $1 in known' "$TMP/names" - |
        grep -vF .. >"$TMP/items" # the runner gets one value of a sweep at a time
    [ "$(wc -l <"$TMP/items")" -ge 20 ]
    while read -r item; do
        prints "$RUNNER" --check "$item"
    done <"$TMP/items"
}

test_check_refuses_what_does_not_go_together() {
    refuses matrix:smallest=50,largest=10 'smallest is larger than largest'
    refuses webserver:median=100k,largest=512k 'largest must be at least 64 times the median'
    refuses realloc-growth:large=100k 'large must be 0 or at least'
}

test_describe_is_a_table() {
    prints "$RUNNER" --describe
    awk -F'\t' '
        $1 ~ /^(workload|recorded)$/ && NF == 7 && $2 > last { last = $2; workloads++; next }
        $1 == "param" && NF == 8 && $3 ~ /^(count|bytes|choice)$/ {
            if ($3 == "choice" ? $5 $6 != "" || $7 == "" : $5 == "" || $6 == "" || ($7 != "" && $7 != $4)) bad++
            if ($2 == "laps") laps++
            next
        }
        $1 == "preset" && NF == 4 && $3 ~ /=/ && $4 != "" { next }
        { print "line " NR " is neither: " $0; bad++ }
        END { exit !(workloads >= 6 && laps == workloads && !bad) }' "$TMP/out"
}

test_probe_names_the_owner_of_malloc() {
    prints "$RUNNER" --probe
    [ "$(wc -l <"$TMP/out")" = 1 ]
    grep -q '/libc\.so' "$TMP/out"
    prints env LD_PRELOAD="$PWD/$B/libbump.so" "$RUNNER" --probe
    [ "$(cat "$TMP/out")" = "$PWD/$B/libbump.so" ]
}

test_probe_names_what_others_serve() {
    cat >"$TMP/half.c" <<'C'
#include <stddef.h>
void *__libc_malloc(size_t);
void *malloc(size_t bytes) { return __libc_malloc(bytes); }
C
    cc -O1 -fno-builtin -fPIC -shared -o "$TMP/half.so" "$TMP/half.c"
    prints env LD_PRELOAD="$TMP/half.so" "$RUNNER" --probe
    [ "$(head -n 1 "$TMP/out")" = "$TMP/half.so" ]
    grep -q '^other free /.*libc' "$TMP/out"
    grep -q '^other realloc /.*libc' "$TMP/out"
}

test_probe_finds_a_malloc_that_fails() {
    local status=0
    printf '#include <stddef.h>\nvoid *malloc(size_t n) { (void)n; return NULL; }\n' >"$TMP/none.c"
    cc -O1 -fno-builtin -fPIC -shared -o "$TMP/none.so" "$TMP/none.c"
    LD_PRELOAD=$TMP/none.so "$RUNNER" --probe >"$TMP/out" 2>"$TMP/err" || status=$?
    [ $status = 1 ]
    [ ! -s "$TMP/out" ]
    grep -q '^heapmark-runner: malloc returned NULL$' "$TMP/err"
}

test_help_version_and_wrong_arguments() {
    prints "$RUNNER" --version
    grep -q '^heapmark-runner .' "$TMP/out"
    prints "$RUNNER" --help
    for option in describe check probe version help; do grep -q -- "--$option" "$TMP/out"; done
    local status=0
    "$RUNNER" --nonsense >"$TMP/out" 2>"$TMP/err" || status=$?
    [ $status = 2 ]
    [ ! -s "$TMP/out" ]
    grep -q Usage "$TMP/err"
}

test_a_full_disk_is_noticed() {
    local option
    for option in --describe --probe --help '--check pairs'; do
        # shellcheck disable=SC2086 # two words are meant
        if "$RUNNER" $option >/dev/full; then echo "$option: not noticed"; return 1; fi
    done
}

test_started_by_hand_it_says_so() {
    local status=0
    "$RUNNER" 3<&- 4<&- >"$TMP/out" 2>"$TMP/err" || status=$?
    [ $status = 2 ]
    [ "$(wc -l <"$TMP/err")" = 1 ]
}

# Nothing but the C library: whatever else it linked could allocate.
test_it_links_the_c_library_alone() {
    local needed
    needed=$(LC_ALL=C readelf -d "$RUNNER" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
    [ "$needed" = libc.so.6 ] || { echo "needs: $needed"; return 1; }
    if nm -D "$RUNNER" | grep -E ' U (printf|fprintf|puts|fputs|fwrite|fopen|snprintf|perror|strdup)\b'; then
        echo "uses what may allocate"
        return 1
    fi
}

# The example of docs/adding-a-workload.md compiles without a warning and registers itself.
test_the_documented_workload_works() {
    local objects=$B/plain
    awk '/^```c/ { in_code = 1; next } /^```/ { in_code = 0 } in_code' docs/adding-a-workload.md >"$TMP/stack.c"
    cc -std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror -O2 -Iworkloads -c -o "$TMP/stack.o" "$TMP/stack.c"
    cc -pthread -o "$TMP/runner" "$TMP/stack.o" "$objects"/harness/runner/*.o "$objects"/workloads/*.o \
        "$objects"/harness/common/*.o
    prints "$TMP/runner" --check stack:size=1k
    [ "$(cat "$TMP/out")" = "steps=200000,size=1024,touch=all,threads=1,laps=40" ]
}
