# The in-house allocators under real programs: same output and exit status as with glibc.
# Sourced by tests/run, one function a process, with B (build folder) and TMP (an empty folder).

BUILD=$(cd "$B" && pwd)
FREELISTS="first next best worst"

needs() {
    local program
    for program in "$@"; do
        command -v "$program" >/dev/null || { echo "needs $program"; exit 77; }
    done
}

fail() {
    echo "$*"
    exit 1
}

# under LIBRARY COMMAND...: runs it with build/.../libLIBRARY.so preloaded. ld.so only warns about
# a library that it cannot load, so that is looked for first.
under() {
    local library=$BUILD/lib$1.so
    shift
    [ -f "$library" ] || fail "$library is missing"
    env LD_PRELOAD="$library" "$@"
}

# same_under LIBRARIES COMMAND...: output, errors and status are those of a run with glibc.
same_under() {
    local libraries=$1 library status=0 expected=0
    shift
    "$@" >"$TMP/expected" 2>&1 || expected=$?
    for library in $libraries; do
        status=0
        under "$library" "$@" >"$TMP/seen" 2>&1 || status=$?
        [ "$status" = "$expected" ] || { tail -n 5 "$TMP/seen"; fail "$library: status $status, not $expected"; }
        cmp "$TMP/expected" "$TMP/seen" || fail "$library: the output differs"
    done
}

freelists() {
    local policy
    for policy in $FREELISTS; do printf 'freelist-%s ' "$policy"; done
}

# compile NAME [FLAG...]: a C or C++ program from stdin to $TMP/NAME.
compile() {
    local name=$1 compiler=${COMPILER:-cc} language=${LANGUAGE:-c}
    shift
    "$compiler" -x "$language" -O1 -fno-builtin -pthread -D_GNU_SOURCE "$@" -o "$TMP/$name" -
}

# ---- programs ----------------------------------------------------------------

test_allocators_serve_malloc() {
    local library symbol
    for library in bump brkmap brkmap-hardened $(freelists); do
        for symbol in malloc calloc realloc reallocarray free aligned_alloc memalign posix_memalign \
                      valloc pvalloc malloc_usable_size malloc_trim mallinfo mallinfo2 malloc_stats malloc_info \
                      mallopt; do
            nm -D --defined-only "$BUILD/lib$library.so" | grep -q " [TW] $symbol\$" ||
                fail "$library does not export $symbol"
        done
        case $library in
        brkmap*) symbol="heapmark_heap_walk|brkmap_read_(totals|classes|heaps)" ;;
        freelist-*) symbol="heapmark_heap_walk" ;;
        *) symbol= ;;
        esac
        # What is exported is the malloc family, the walk and the counters: no name of ours gets in the way.
        nm -D --defined-only "$BUILD/lib$library.so" | awk '{print $3}' |
            grep -vxE "malloc|calloc|realloc|reallocarray|free|aligned_alloc|memalign|posix_memalign|valloc|pvalloc|malloc_usable_size|malloc_trim|mallinfo2?|malloc_stats|malloc_info|mallopt|$symbol" &&
            fail "$library exports more than that"
    done
    return 0
}

test_allocators_bash() {
    needs bash
    same_under "brkmap brkmap-hardened $(freelists)" bash -c 'a=(); for i in {1..3000}; do a+=("item $i"); done
        s=; for i in {1..300}; do s="$s${a[$i]}"; done; echo "${#a[@]} ${#s}"
        for i in 1 2 3 4 5 6 7 8; do (echo "child $i" | cat | tr a-z A-Z); done; x=$(seq 2000 | sort -r | head -n 3); echo $x'
}

test_allocators_python3() {
    [ -x /usr/bin/python3 ] || { echo "needs /usr/bin/python3"; exit 77; }
    same_under "brkmap brkmap-hardened $(freelists)" env PYTHONMALLOC=malloc PYTHONHASHSEED=0 /usr/bin/python3 -c '
import json, threading, subprocess
d = {i: [str(j) * (j % 50) for j in range(i % 40)] for i in range(4000)}
for i in range(0, 4000, 3): del d[i]
text = json.dumps(d); print(len(text), len(json.loads(text)))
def work(out, n): out.append(sum(len(str(k) * 7) for k in range(n)))
out = []; threads = [threading.Thread(target=work, args=(out, 20000)) for _ in range(4)]
[t.start() for t in threads]; [t.join() for t in threads]; print(out)
print(subprocess.run(["echo", "from a child"], capture_output=True).stdout)
b = bytearray()
for i in range(2000): b += bytes(1000)
print(len(b))'
}

test_allocators_sqlite3() {
    needs sqlite3
    same_under "brkmap brkmap-hardened $(freelists)" sqlite3 :memory: 'create table t(a integer primary key, b text);
        with recursive n(i) as (select 1 union all select i+1 from n where i < 20000)
        insert into t select i, hex(zeroblob(i % 97)) from n;
        create index u on t(b); select count(*), sum(length(b)), max(b) from t;
        delete from t where a % 3 = 0; vacuum; select count(distinct b) from t;'
}

test_allocators_gcc() {
    needs gcc
    local i library
    for i in $(seq 400); do echo "int f$i(int x) { return x * $i + (x > 3 ? f_sum(x, $i) : 0); }"; done >"$TMP/body"
    { echo 'static int f_sum(int a, int b) { int s = 0; while (a--) s += b; return s; }'; cat "$TMP/body"; } >"$TMP/input.c"
    (cd "$TMP" && gcc -O1 -c -o expected.o input.c)
    for library in brkmap brkmap-hardened $(freelists); do
        (cd "$TMP" && under "$library" gcc -O1 -c -o seen.o input.c) || fail "$library: gcc failed"
        cmp "$TMP/expected.o" "$TMP/seen.o" || fail "$library: the object differs"
    done
}

test_allocators_perl() {
    needs perl
    same_under "brkmap brkmap-hardened $(freelists)" perl -e 'my %h; $h{$_ % 777} .= "x$_" for 1..30000;
        my @k = sort { length $h{$a} <=> length $h{$b} || $a <=> $b } keys %h; print "@k[0..9]\n";
        delete @h{@k[0..400]}; print scalar(keys %h), "\n"; print `echo child`;'
}

# Longer ones, and servers: tests/programs_under.sh.
test_allocators_git() {
    needs git
    # The same in each run: names, times, and one thread that packs.
    cat >"$TMP/session" <<'CODE'
set -e
rm -rf "$1" && mkdir "$1" && cd "$1"
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
export GIT_AUTHOR_DATE='1700000000 +0000' GIT_COMMITTER_DATE='1700000000 +0000'
git init -q -b main source
cd source
git config user.name a && git config user.email a@b
for i in $(seq 20); do seq "$i" 3000 >"file$((i % 7))"; git add . && git commit -q -m "change $i"; done
cd ..
git clone -q --no-local source copy 2>/dev/null
cd copy
git -c pack.threads=1 gc -q --aggressive --prune=now
git fsck --full 2>/dev/null && git verify-pack -v .git/objects/pack/*.idx | md5sum
git log -p | md5sum && git blame file3 | md5sum && git grep -c 77
CODE
    same_under brkmap bash "$TMP/session" "$TMP/work"
}

test_allocators_make_in_parallel() {
    needs make gcc
    local i
    for i in $(seq 12); do echo "int f$i(int x) { int s = 0; for (int i = 0; i < x; i++) s += i * $i; return s; }" >"$TMP/f$i.c"; done
    { echo '%.o: %.c'; printf '\tgcc -O2 -g -c -o $@ $<\n'; echo "all.o: $(printf 'f%d.o ' $(seq 12))"; printf '\tld -r -o $@ $^\n'; } >"$TMP/Makefile"
    same_under brkmap sh -c "cd '$TMP' && rm -f *.o && make -s -j4 all.o && md5sum all.o"
}

test_allocators_ruby() {
    needs ruby
    same_under brkmap ruby -e 'h = Hash.new { |a, k| a[k] = [] }; 40000.times { |i| h["k#{i % 900}"] << "v#{i}" * (i % 9) }
        puts h.size, h.values.sum { |v| v.sum(&:size) }; h = nil; GC.start
        q = Queue.new; 4.times.map { |n| Thread.new { 500.times { |i| q << "x" * i } } }.each(&:join); puts q.size
        puts 4.times.map { |i| fork { exit 9000.times.map(&:to_s).size % 7 + i } }.map { |p| Process.wait2(p)[1].exitstatus }.inspect'
}

redis_session() {
    local library=$1 port=$2 folder=$TMP/$1 answer status=0
    mkdir "$folder"
    [ -f "$BUILD/lib$library.so" ] || fail "$library is missing"
    # Not by a function: then $! would be a shell in between.
    LD_PRELOAD="$BUILD/lib$library.so" redis-server --port "$port" --bind 127.0.0.1 --save '' \
        --appendonly no --dir "$folder" >"$TMP/redis.log" 2>&1 &
    redis_server=$!
    trap 'kill $redis_server 2>/dev/null || :' EXIT TERM INT
    for _ in $(seq 100); do
        answer=$(redis-cli -p "$port" ping 2>/dev/null) && [ "$answer" = PONG ] && break
        sleep 0.1
    done
    [ "$answer" = PONG ] || { kill "$redis_server"; tail -n 5 "$TMP/redis.log"; return 1; }
    {
        redis-cli -p "$port" set key value
        redis-cli -p "$port" get key
        for i in $(seq 500); do echo "rpush list $(printf "%0$((i % 300 + 1))d" "$i")"; done | redis-cli -p "$port" | tail -n 1
        redis-cli -p "$port" debug reload >/dev/null 2>&1
        redis-cli -p "$port" llen list
        redis-cli -p "$port" bgsave >/dev/null
        redis-cli -p "$port" del list
    } >"$TMP/answers" || status=$?
    kill "$redis_server"
    wait "$redis_server" || status=$?
    [ "$(tr '\n' ' ' <"$TMP/answers")" = "OK value 500 500 1 " ] || { cat "$TMP/answers"; return 1; }
    return "$status"
}

test_allocators_redis() {
    needs redis-server redis-cli python3
    local library port
    for library in brkmap brkmap-hardened $(freelists); do
        port=$(/usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
        redis_session "$library" "$port" || fail "$library: redis failed"
    done
}

test_allocators_bump_small_programs() {
    same_under bump true
    same_under bump ls /
    same_under bump sh -c 'for i in 1 2 3; do echo $i | cat; done'
    same_under bump sort Makefile
}

# ---- traps -------------------------------------------------------------------

test_allocators_thread_local_destructors() {
    needs g++
    COMPILER=g++ LANGUAGE=c++ compile destructors <<'CODE'
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <pthread.h>
#include <string>
#include <thread>
#include <vector>
struct Log {
    std::map<int, std::string> lines;
    ~Log() { std::string all; for (auto &l : lines) all += l.second; total += all.size(); }
    static std::atomic<long> total;
};
std::atomic<long> Log::total;
thread_local Log log_here;
static pthread_key_t key;
static void late(void *p) { free(p); void *q = malloc(300); free(realloc(q, 5000)); }
int main() {
    pthread_key_create(&key, late);
    for (int round = 0; round < 200; round++) {
        std::vector<std::thread> threads;
        for (int t = 0; t < 4; t++)
            threads.emplace_back([t] {
                pthread_setspecific(key, malloc(100));
                for (int i = 0; i < 50; i++) log_here.lines[i] = std::string(i * t, 'x');
            });
        for (auto &t : threads) t.join();
    }
    printf("%ld\n", Log::total.load());
}
CODE
    same_under "bump brkmap brkmap-hardened $(freelists)" "$TMP/destructors"
}

test_allocators_fork_heavy_threads() {
    compile forks <<'CODE'
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
static volatile int stop;
static void *churn(void *argument)
{
    unsigned seed = (unsigned)(size_t)argument;
    while (!stop) {
        FILE *file = fopen("/dev/null", "w"); /* stdio's list lock and malloc */
        fprintf(file, "%u", seed);
        char *text = malloc(rand_r(&seed) % 3000 + 1);
        text[0] = 1;
        fflush(NULL); /* holds the list's lock and may allocate */
        fclose(file);
        free(text);
    }
    return NULL;
}
int main(void)
{
    pthread_t threads[4];
    int failed = 0;
    for (size_t i = 0; i < 4; i++) pthread_create(&threads[i], NULL, churn, (void *)(i + 1));
    for (int i = 0; i < 300; i++) {
        pid_t child = fork();
        if (child == 0) {
            alarm(20);
            char *more = strdup("child");
            fprintf(fopen("/dev/null", "w"), "%s", more);
            free(more);
            _exit(7);
        }
        int status;
        waitpid(child, &status, 0);
        failed += !WIFEXITED(status) || WEXITSTATUS(status) != 7;
    }
    stop = 1;
    for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
    printf("%d\n", failed);
    return failed != 0;
}
CODE
    local library
    for library in brkmap brkmap-hardened $(freelists); do
        under "$library" timeout 60 "$TMP/forks" >"$TMP/out" || fail "$library: status $?, $(cat "$TMP/out") children failed"
    done
}

test_allocators_fork_in_signal_handler() {
    compile handler <<'CODE'
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
static volatile sig_atomic_t seen, bad;
static void handle(int number)
{
    int status = -1;
    pid_t child = fork();
    (void)number;
    if (child == 0) _exit(0);
    if (waitpid(child, &status, 0) != child || status != 0) bad = 1;
    seen++;
}
static void *sleeper(void *argument)
{
    for (;;) pause();
    return argument;
}
int main(int argc, char **argv)
{
    pthread_t thread;
    sigset_t alarm;
    void *blocks[100] = { 0 };
    unsigned seed = 1;
    (void)argv;
    sigemptyset(&alarm);
    sigaddset(&alarm, SIGALRM);
    pthread_sigmask(SIG_BLOCK, &alarm, NULL);
    if (argc > 1 && pthread_create(&thread, NULL, sleeper, NULL) != 0) return 2;
    pthread_sigmask(SIG_UNBLOCK, &alarm, NULL);
    signal(SIGALRM, handle);
    for (int shot = 1; shot <= 500; shot++) {
        struct itimerval once = { { 0, 0 }, { 0, 10 + shot % 90 } };
        setitimer(ITIMER_REAL, &once, NULL);
        /* Every other time with blocks so large that the heap itself grows and shrinks. */
        unsigned bytes = shot % 2 ? 2000 : 1000000;
        while (seen < shot) {
            int at = rand_r(&seed) % 100;
            free(blocks[at]);
            blocks[at] = malloc(rand_r(&seed) % bytes);
            if (at == 0) malloc_trim(0);
        }
    }
    return bad;
}
CODE
    local library
    for library in brkmap brkmap-hardened $(freelists); do
        under "$library" timeout 60 "$TMP/handler" || fail "$library: status $?"
        under "$library" timeout 60 "$TMP/handler" threads || fail "$library, 2 threads: status $?"
    done
}

# The counters of brkmap.h: by weak symbols, by dlsym, in words, and at the end of a program that asks for it.
test_allocators_brkmap_counters() {
    compile counters -I"$BUILD/../../allocators/brkmap" <<'CODE'
#include "brkmap.h"
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
int main(void)
{
    if (!brkmap_read_totals) return 3;
    struct brkmap_totals before = brkmap_read_totals();
    void *block = malloc(100000);
    struct brkmap_totals after = brkmap_read_totals();
    if (after.live_bytes - before.live_bytes != malloc_usable_size(block)) return 1;
    malloc_stats();
    return malloc_info(0, stdout);
}
CODE
    local status=0
    "$TMP/counters" || status=$?
    [ "$status" = 3 ] || fail "without brkmap the counters are there: $status"
    env -u BRKMAP_STATS LD_PRELOAD="$BUILD/libbrkmap.so" "$TMP/counters" >"$TMP/xml" 2>"$TMP/stats" || fail "status $?"
    grep -q '^<system type="current" size="[1-9]' "$TMP/xml" || fail "malloc_info: $(cat "$TMP/xml")"
    grep -Ex ' *live_bytes +1[0-9]{5}' "$TMP/stats" && grep -Ex ' *orphans +0' "$TMP/stats" || fail "$(cat "$TMP/stats")"
    LD_PRELOAD="$BUILD/libbrkmap.so" BRKMAP_STATS=0 sh -c : 2>&1 | grep . && fail "it says something without being asked"
    LD_PRELOAD="$BUILD/libbrkmap.so" BRKMAP_STATS=1 "$TMP/counters" >/dev/null 2>"$TMP/twice" || fail "status $?"
    [ "$(grep -c ' live_bytes ' "$TMP/twice")" = 2 ] || fail "nothing at the end: $(cat "$TMP/twice")"
    # sort closes standard error before it ends.
    echo b | LD_PRELOAD="$BUILD/libbrkmap.so" BRKMAP_STATS=1 sort 2>&1 | grep -q ' live_bytes ' || fail "not of sort"
    [ -x /usr/bin/python3 ] || return 0
    LD_PRELOAD="$BUILD/libbrkmap.so" /usr/bin/python3 - <<'CODE'
import ctypes, threading
NAMES = """live_bytes live_blocks large_bytes large_blocks huge_bytes huge_blocks cached_bytes waiting_bytes
    waiting_blocks pool_bytes resident_bytes system_bytes table_bytes purges purged_bytes reused_bytes heaps orphans"""
class Totals(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in NAMES.split()]
read = ctypes.CDLL(None).brkmap_read_totals
read.restype = Totals
before = read()
block = bytearray(3000000)
gate = threading.Barrier(4)
threads = [threading.Thread(target=lambda: (gate.wait(), gate.wait())) for _ in range(3)]
[t.start() for t in threads]
gate.wait()
during = read()
gate.wait()
[t.join() for t in threads]
after = read()
assert during.huge_blocks == before.huge_blocks + 1 and during.huge_bytes >= 3000000
assert during.live_bytes + during.cached_bytes <= during.system_bytes and during.resident_bytes <= during.system_bytes
assert before.heaps - before.orphans == 1 <= after.heaps - after.orphans <= during.heaps - during.orphans
CODE
}

# Each thread's handler may have interrupted malloc with a lock that another's fork waits for.
test_allocators_forks_in_signal_handlers_of_threads() {
    compile handlers <<'CODE'
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
enum { THREADS = 4, FORKS = 400 };
static atomic_int forks, bad, stop;
static void handle(int number)
{
    int status = -1, error = errno;
    pid_t child = fork();
    (void)number;
    if (child == 0) _exit(0);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
    if (child < 0 || status != 0) bad++;
    forks++;
    errno = error;
}
static void *churn(void *argument)
{
    void *blocks[64] = { 0 };
    unsigned seed = (unsigned)(size_t)argument;
    while (!stop) {
        int at = rand_r(&seed) % 64;
        free(blocks[at]);
        blocks[at] = malloc(rand_r(&seed) % (rand_r(&seed) % 4 ? 100000 : 3000000));
    }
    return NULL;
}
int main(void)
{
    pthread_t threads[THREADS];
    signal(SIGUSR1, handle);
    for (size_t i = 0; i < THREADS; i++) pthread_create(&threads[i], NULL, churn, (void *)(i + 1));
    for (int i = 0; forks < FORKS; i++) {
        pthread_kill(threads[i % THREADS], SIGUSR1);
        usleep(200);
    }
    stop = 1;
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    return bad != 0;
}
CODE
    local library
    for library in brkmap freelist-first; do
        under "$library" timeout 60 "$TMP/handlers" || fail "$library: status $?"
    done
}

# A second user of sbrk, which takes memory, writes to it and checks it to the end; and a heap that
# has to live with what lies between.
test_allocators_others_call_sbrk() {
    compile others <<'CODE'
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
enum { PIECES = 200, BLOCKS = 4000 };
int main(void)
{
    static unsigned char *pieces[PIECES], *blocks[BLOCKS];
    unsigned seed = 7;
    int taken = 0;
    for (int i = 0; i < 40000; i++) {
        int at = rand_r(&seed) % BLOCKS;
        if (blocks[at]) {
            if (blocks[at][0] != (unsigned char)at) return 1;
            free(blocks[at]);
        }
        size_t bytes = rand_r(&seed) % 6000 + 1;
        blocks[at] = malloc(bytes);
        if (!blocks[at]) return 2;
        memset(blocks[at], at, bytes);
        if (i % 200 == 0 && taken < PIECES) {
            pieces[taken] = sbrk(3000 + taken);
            if (pieces[taken] == (void *)-1) return 3;
            memset(pieces[taken], 0xC3, 3000 + taken);
            taken++;
        }
        if (i % 333 == 0) { /* up and down again by itself */
            sbrk(9999);
            sbrk(-9999);
        }
    }
    for (int i = 0; i < BLOCKS; i++) free(blocks[i]);
    for (int i = 0; i < taken; i++)
        for (int k = 0; k < 3000 + i; k++)
            if (pieces[i][k] != 0xC3) return 4;
    return 0;
}
CODE
    local library
    for library in bump brkmap brkmap-hardened $(freelists); do
        under "$library" "$TMP/others" || fail "$library: status $?"
    done
}

test_allocators_limits_end_in_enomem() {
    compile limits <<'CODE'
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
int main(int count, char **arguments)
{
    struct rlimit limit = { 64 << 20, 64 << 20 };
    size_t bytes = (size_t)atol(arguments[2]), got = 0;
    void **first = NULL, **block;
    (void)count;
    if (setrlimit(arguments[1][0] == 'd' ? RLIMIT_DATA : RLIMIT_AS, &limit)) return 1;
    errno = 0;
    while ((block = malloc(bytes)) != NULL) {
        memset(block, 1, bytes);
        *block = first;
        first = block;
        got += bytes;
    }
    /* Near the end a small request may have got a page or more, and grows within it. */
    if (errno != ENOMEM || calloc(1, bytes) || realloc(first, bytes * 3 + 100000)) return 2;
    /* A good part of the limit must have been usable. */
    if (got < 32 << 20 || got > 64 << 20) return 3;
    while (first) {
        block = *first;
        free(first);
        first = block;
    }
    return arguments[3][0] != 'b' && !malloc(20 << 20) ? 4 : 0;
}
CODE
    local library kind bytes
    for library in bump brkmap brkmap-hardened $(freelists); do
        for kind in data as; do
            for bytes in 40 1000 60000 200000 3000000; do
                under "$library" "$TMP/limits" "$kind" "$bytes" "$library" ||
                    fail "$library, $kind, $bytes bytes: status $?"
            done
        done
    done
}

test_allocators_python_under_a_limit() {
    [ -x /usr/bin/python3 ] || { echo "needs /usr/bin/python3"; exit 77; }
    local library
    for library in brkmap brkmap-hardened $(freelists); do
        (ulimit -v 200000; under "$library" /usr/bin/python3 -c '
kept = []
try:
    while True: kept.append(bytearray(100000))
except MemoryError:
    del kept
    print("MemoryError")') >"$TMP/out" 2>&1 || { cat "$TMP/out"; fail "$library: status $?"; }
        grep -qx MemoryError "$TMP/out" || fail "$library: no MemoryError"
    done
}

test_allocators_damage_is_one_line() {
    compile twice <<'CODE'
#include <stdlib.h>
int main(void) { void *block = malloc(100); free(block); free(block); return 0; }
CODE
    local library status
    for library in brkmap brkmap-hardened $(freelists); do
        status=0
        (ulimit -c 0; under "$library" "$TMP/twice") 2>"$TMP/said" || status=$?
        # The shell has a word on the crash as well.
        grep -v ': line [0-9]*: ' "$TMP/said" >"$TMP/out"
        [ "$status" = 134 ] || fail "$library: status $status, not that of SIGABRT"
        [ "$(wc -l <"$TMP/out")" = 1 ] && grep -q '^heapmark: .*\(free already\|freed twice\)' "$TMP/out" ||
            { cat "$TMP/out"; fail "$library: not one line that says so"; }
    done
}

# Crash reporters handle SIGABRT and allocate there. After a bad free they can; where the heap is
# locked they cannot, and the second abort must be the last.
test_allocators_abort_handler_allocates() {
    compile handler <<'CODE'
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>
static void report(int number)
{
    char *text = malloc(100);
    (void)number;
    text[0] = 'R';
    write(1, text, 1);
    free(text);
}
typedef _Bool visit(void *argument, const void *block);
int heapmark_heap_walk(visit *visitor, void *argument) __attribute__((weak));
static _Bool allocate(void *argument, const void *block)
{
    (void)argument, (void)block;
    free(malloc(10)); /* forbidden, and the heap is locked */
    return 1;
}
int main(int count, char **arguments)
{
    char *block = malloc(100);
    (void)arguments;
    signal(SIGABRT, report);
    if (count > 1) heapmark_heap_walk(allocate, NULL);
    free(block);
    free(block);
    return 0;
}
CODE
    local library status
    for library in brkmap brkmap-hardened $(freelists); do
        status=0
        (ulimit -c 0; under "$library" timeout 20 "$TMP/handler") >"$TMP/out" 2>/dev/null || status=$?
        [ "$status" = 134 ] && [ "$(cat "$TMP/out")" = R ] || fail "$library: status $status, reported '$(cat "$TMP/out")'"
        # A walk of brkmap does not stop its threads' own heaps from working.
        case $library in brkmap*) continue ;; esac
        status=0
        (ulimit -c 0; under "$library" timeout 20 "$TMP/handler" walk) >"$TMP/out" 2>"$TMP/said" || status=$?
        [ "$status" = 134 ] || fail "$library: with the heap locked, status $status"
        [ "$(grep -c '^heapmark: ' "$TMP/said")" = 2 ] || fail "$library: $(grep -c '^heapmark: ' "$TMP/said") messages"
    done
}
