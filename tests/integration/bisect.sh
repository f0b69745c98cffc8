# heapmark bisect: the commit that was planted in a small repository is named, by an exact measure,
# and what cannot be hunted is said.
# Each test_* is run by tests/run in a process of its own; see there.
. tests/integration/errors.sh # store, expect, one_line, shim, forwarding

SMALL=pairs:pairs=2000,laps=2
status_of() { "$@" >"$TMP/out" 2>"$TMP/err" && echo 0 || echo $?; }
is() {
    local want=$1 got
    shift
    got=$(status_of "$@")
    [ "$got" = "$want" ] || { echo "exit status $got, not $want: $*"; cat "$TMP/out" "$TMP/err"; exit 1; }
}
in_repo() { git -C "$TMP/repo" -c user.name=Ada -c user.email=ada@example.org "$@"; }
commit() { in_repo add -A && in_repo commit -q -m "$1"; }
# calls N: an allocator that maps and unmaps a page once in N calls.
source_of() {
    printf '#define _GNU_SOURCE\n#include <sys/mman.h>\n%s\n' "$(forwarding "static int special(size_t n) {
        if (calls % $1 == 0) munmap(mmap(0, 4096, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 4096); return 0; }")" >"$TMP/repo/mine.c"
}
# Commits, of which the fifth after the tag asks for more system calls, the fourth does not build and
# two touch no source.
small_repository() {
    command -v strace >/dev/null || { echo "strace is not installed"; exit 77; }
    git init -q -b main "$TMP/repo"
    printf 'libmine.so: mine.c\n\tcc -O1 -w -fno-builtin -fPIC -shared -o $@ $< -ldl\n' >"$TMP/repo/Makefile"
    source_of 500
    commit 'The first'
    in_repo tag good
    echo 1 >"$TMP/repo/README"; commit 'Words'
    echo 2 >"$TMP/repo/README"; commit 'More words'
    echo '/* tidy */' >>"$TMP/repo/mine.c"; commit 'Tidy'
    echo 'no C' >>"$TMP/repo/mine.c"; commit 'Broken'
    source_of 100; commit 'Purge more often'
    in_repo tag culprit
    echo 3 >"$TMP/repo/README"; commit 'Last words'
    echo '/* tidier */' >>"$TMP/repo/mine.c"; commit 'Tidier'
    echo local >"$TMP/repo/README" # not committed, and to stay as it is
    export XDG_CACHE_HOME=$TMP/cache
}
hunt() {
    "$HEAPMARK" bisect -q --repo "$TMP/repo" --build 'make -s libmine.so' --library libmine.so \
        -w "$SMALL" -o "$(store)" --measure syscalls "$@"
}

test_the_planted_commit_is_named() {
    small_repository
    before=$(in_repo status --porcelain; in_repo rev-parse HEAD)
    is 2 hunt good main mine # the one before does not build
    grep -q '^Result: one of several' "$TMP/out"
    grep -q "^  $(in_repo rev-parse culprit)$" "$TMP/out"
    grep -q "^  $(in_repo rev-parse culprit^)$" "$TMP/out"
    grep -qE '^skipped .*Broken .*the build failed: .*error' "$TMP/out"
    # With the broken one mended in between, it is alone.
    in_repo checkout -q -f -B mended culprit^^
    echo '/* tidied */' >>"$TMP/repo/mine.c"; commit 'Tidied'
    source_of 100; commit 'Purge more often'
    echo 4 >"$TMP/repo/README"; commit 'Last words'
    echo 5 >"$TMP/repo/README"; commit 'The very last'
    echo local >"$TMP/repo/README"
    before=$(in_repo status --porcelain; in_repo rev-parse HEAD)
    is 0 hunt good mended mine
    grep -q "^  commit  $(in_repo rev-parse mended~2)$" "$TMP/out"
    grep -q '^  author  Ada <ada@example.org>$' "$TMP/out"
    grep -q '^  subject Purge more often$' "$TMP/out"
    grep -qE '^  change  [0-9]+ -> [0-9]+ \(\+[0-9.]+ %\)$' "$TMP/out"
    # Commits that left the code as it was were not measured.
    grep -q 'the same code as one that was measured' "$TMP/out"
    [ "$before" = "$(in_repo status --porcelain; in_repo rev-parse HEAD)" ]
    [ "$(in_repo worktree list | wc -l)" = 1 ]
    is 0 hunt good mended mine --format json
    /usr/bin/python3 - "$TMP/out" "$(in_repo rev-parse mended~2)" <<'PY'
import json, sys
report = json.load(open(sys.argv[1]))
assert report["result"] == "found" and report["exit_status"] == 0, report
assert report["culprit"]["commit"] == sys.argv[2], report["culprit"]
assert report["culprit"]["author"].startswith("Ada") and report["culprit"]["date"], report
assert report["steps"] and not report["suspects"], report
assert {s["outcome"] for s in report["steps"]} <= {"good", "bad"}, report["steps"]
PY
}

test_what_cannot_be_hunted() {
    small_repository
    expect 3 'GOOD and BAD are the same commit' hunt good good mine
    expect 3 'no ancestor of' hunt main good mine
    expect 3 'nosuch: no such revision' hunt good nosuch mine
    expect 3 'the build failed' hunt good culprit^ mine
    # Neither the code nor the measure has changed.
    is 2 hunt good culprit~3 mine
    grep -q 'the library has the same code at GOOD and at BAD' "$TMP/out"
    in_repo checkout -q -f -B other good
    sed -i 's/calls > 1000/calls > 1001/' "$TMP/repo/mine.c"; commit 'Other code, same calls'
    is 2 hunt good other mine
    grep -q 'GOOD and BAD do not differ by more than the threshold' "$TMP/out"
    printf '%s\n' "$(forwarding 'static int special(size_t n) { raise(SIGSEGV); return 0; }')" >"$TMP/repo/mine.c"
    commit 'Crashes'
    expect 3 'GOOD or BAD does not run: .*crashed' hunt good other mine
    expect 3 'made no libnone.so' "$HEAPMARK" bisect -q --repo "$TMP/repo" --build true --library libnone.so \
        -w "$SMALL" -o "$(store)" good main mine
    [ "$(in_repo worktree list | wc -l)" = 1 ]
}

test_wrong_use() {
    local words
    for words in '' 'a b' 'a b c d' 'a b c --measure nosuch' 'a b c --threshold 0' 'a b c --alpha x' \
        'a b c --format md' 'a b c@d' 'a b c --repo .' 'a b c --max-pairs 0'; do
        expect 3 . "$HEAPMARK" bisect -o "$(store)" $words
        one_line
    done
    expect 3 'is no git checkout' "$HEAPMARK" bisect --repo "$TMP" --build true --library x -o "$(store)" a b c
    one_line
}

test_compare_takes_revisions_of_another_repository() {
    small_repository
    is 1 "$HEAPMARK" compare -q -w "$SMALL" -o "$(store)" --gate syscalls --max-pairs 0 mine@good mine@main \
        --repo "$TMP/repo" --build 'make -s libmine.so' --library libmine.so
    grep -qE '^ \* syscalls .*worse$' "$TMP/out"
}

# From a hook, whose variables name the index of the checkout; of a library that is a link to one.
test_hooks_and_links() {
    small_repository
    printf '\tmv $@ $@.1; ln -s $@.1 $@\n' >>"$TMP/repo/Makefile"; commit 'Linked'
    echo other >"$TMP/repo/staged"; in_repo add staged
    before=$(in_repo status --porcelain)
    is 0 env GIT_DIR="$TMP/repo/.git" GIT_INDEX_FILE="$TMP/repo/.git/index" GIT_WORK_TREE="$TMP/repo" \
        "$HEAPMARK" compare -q -w "$SMALL" -o "$(store)" --gate syscalls --max-pairs 0 mine@HEAD mine@main \
        --repo "$TMP/repo" --build 'make -s libmine.so' --library libmine.so
    [ "$before" = "$(in_repo status --porcelain)" ]
    [ -f "$(echo "$TMP"/cache/heapmark/revisions/*/libmine.so)" ]
    [ ! -L "$(echo "$TMP"/cache/heapmark/revisions/*/libmine.so)" ]
    git clone -q --depth 1 "file://$TMP/repo" "$TMP/shallow"
    expect 3 'no such revision in .*shallow clone: git fetch --unshallow' "$HEAPMARK" bisect \
        --repo "$TMP/shallow" --build true --library x -o "$(store)" HEAD~3 HEAD mine
}

# The change came with a merge whose first parent does not build: it is named all the same.
test_a_merge_is_named() {
    small_repository
    in_repo checkout -q -f --orphan trunk
    echo 'no C' >"$TMP/repo/mine.c"; commit 'Does not build'
    in_repo checkout -q -b side
    source_of 500; commit 'Builds'
    in_repo checkout -q trunk
    in_repo merge -q --no-ff --no-commit side
    source_of 100; commit 'Merged, and slower'
    is 0 hunt side trunk mine
    grep -q '^  subject Merged, and slower$' "$TMP/out"
    grep -q '^  change  not measured: .*the build failed' "$TMP/out"
}

test_ctrl_c() {
    small_repository
    "$HEAPMARK" bisect -q --repo "$TMP/repo" --build 'touch begun; sleep 60' --library libmine.so \
        -w "$SMALL" -o "$(store)" good main mine >"$TMP/out" 2>"$TMP/err" &
    until [ -n "$(find "$TMP/cache" -name begun 2>/dev/null)" ]; do sleep 0.05; done
    kill -INT $!
    got=0
    wait $! || got=$?
    [ "$got" = 130 ] || { echo "exit status $got"; cat "$TMP/err"; exit 1; }
    grep -q '^Result: interrupted' "$TMP/out"
    [ "$(in_repo worktree list | wc -l)" = 1 ]
    [ -z "$(find "$TMP/cache" -name 'tree-*')" ]
}
