# Recording as a user meets it: every way in which a program can end, start others or go wrong.
# Each test_* is run by tests/run in a process of its own; see there.

record() { "$HEAPMARK" record "$@"; }
verify() { "$HEAPMARK" trace verify "$@" >/dev/null; }
# fact FILE NAME: what the file says about itself.
fact() { "$HEAPMARK" trace info "$1" | sed -nE "s/^  $2 +//p" | head -n 1; }

# expect STATUS command...: its exit status; its stderr goes to $TMP/err.
expect() {
    local status=$1 got=0
    shift
    "$@" 2>"$TMP/err" || got=$?
    [ "$got" = "$status" ] || { echo "exit status $got, not $status: $*"; cat "$TMP/err"; return 1; }
}
says() { grep -qE -- "$1" "$TMP/err" || { echo "stderr does not say: $1"; cat "$TMP/err"; return 1; }; }

# build NAME 'C code' [options]: makes $TMP/NAME, whose main is the code.
build() {
    local name=$1 code=$2
    shift 2
    { cat <<'C'
#define _GNU_SOURCE
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
static void churn(int n) { void *p[64] = {0}; for (int i = 0; i < n; i++) { free(p[i & 63]); p[i & 63] = malloc((size_t)(i * 7919L % 3000)); if (i % 5 == 0) p[i & 63] = realloc(p[i & 63], (size_t)(i % 4000) + 1); } for (int i = 0; i < 64; i++) free(p[i]); }
C
      case $code in *'int main'*) echo "$code" ;; *) echo "int main(int argc, char **argv) { (void)argc; (void)argv; $code }" ;; esac
    } >"$TMP/$name.c"
    cc -O1 -w -fno-builtin -pthread -o "$TMP/$name" "$TMP/$name.c" "$@"
}

test_ends_of_every_kind() {
    cd "$TMP"
    build ends 'churn(20000); switch (argv[1][0]) {
        case 0x65: exit(7); case 0x5f: _exit(8); case 0x61: abort();
        case 0x73: *(volatile int *)8 = 1; case 0x6b: kill(getpid(), SIGKILL); } return 0;'
    ulimit -c 0
    local kind status end
    while read -r kind status end; do
        expect "$status" record -q -o "$kind.hmt" -- ./ends "$kind"
        verify "$kind.hmt"
        [ "$(fact "$kind.hmt" end)" = "$end" ] || { echo "$kind: $(fact "$kind.hmt" end)"; return 1; }
        # Each call before the end is there: 20000 mallocs and 20064 frees.
        "$HEAPMARK" trace dump "$kind.hmt" | grep -c malloc >count
        [ "$(cat count)" -ge 20000 ]
    done <<'ENDS'
exit 7 exit 7
_exit 8 exit 8
abort 134 signal 6
segv 139 signal 11
kill 137 signal 9
ENDS
}

test_kill_of_the_collector_does_not_harm_the_program() {
    cd "$TMP"
    build long 'for (int i = 0; i < 300; i++) { churn(300); usleep(10000); if (i == 100) { FILE *f = fopen("half", "w"); fclose(f); } } puts("whole"); return 5;'
    "$HEAPMARK" record -q -o long.hmt -- ./long >out 2>err &
    local collector=$! waited=0
    while [ ! -e half ] && [ $((waited += 1)) -lt 600 ]; do sleep 0.05; done
    kill -9 "$collector"
    wait "$collector" 2>/dev/null || true
    for waited in $(seq 600); do [ -s out ] && break; sleep 0.05; done
    grep -qx whole out
    verify long.hmt
    "$HEAPMARK" trace info long.hmt | grep -q malloc
}

test_output_and_signals_are_the_programs_own() {
    cd "$TMP"
    build io 'char b[256]; ssize_t n; churn(100); while ((n = read(0, b, sizeof b)) > 0) write(1, b, n);
        fprintf(stderr, "pipe %d mask %d\n", signal(SIGPIPE, SIG_DFL) == SIG_DFL, ({ sigset_t s; sigprocmask(0, 0, &s); sigismember(&s, SIGTERM); }));
        fprintf(stderr, "%d %d\n", getpgrp() == getppid() || 1, fcntl(0, 1) >= 0); return 0;' -include fcntl.h
    seq 1000 | ./io >plain.out 2>plain.err
    seq 1000 | record -q -o io.hmt -- ./io >out 2>err
    cmp out plain.out && cmp err plain.err
    # A signal to record goes to the program, which ends its own way.
    build term 'static void h(int s) { _exit(42); } int main(void) { signal(SIGTERM, h); churn(1000); FILE *f = fopen("up", "w"); fclose(f); for (;;) pause(); }'
    "$HEAPMARK" record -q -o term.hmt -- ./term &
    local collector=$! status=0
    for i in $(seq 200); do [ -e up ] && break; sleep 0.05; done
    kill -TERM $collector
    wait $collector || status=$?
    [ "$status" = 42 ]
    verify term.hmt
    # A closed stdin is closed for the program, too.
    build closed 'return fcntl(0, 1) < 0 ? 3 : 4;' -include fcntl.h
    expect 3 record -q -o closed.hmt -- ./closed <&-
}

test_fork_exec_and_names_of_children() {
    cd "$TMP"
    build family 'churn(1000); if (fork() == 0) { churn(500); _exit(0); } wait(0);
        if (fork() == 0) execlp("true", "true", NULL); wait(0); execlp("ls", "ls", "/", NULL);'
    expect 0 record -o f.hmt -- ./family >/dev/null
    ls f*.hmt | sort >files
    [ "$(wc -l <files)" = 4 ] || { cat files; return 1; }
    ls f.2-family.hmt f.[34]-true.hmt f.[34]-ls.hmt >/dev/null
    verify f.hmt && verify f.2-family.hmt && verify f.4-ls.hmt
    [ "$(fact f.hmt end)" = exec ]
    [ "$(fact f.2-family.hmt reason)" = forked ]
    [ "$(fact f.2-family.hmt end)" = "exit 0" ]
    [ "$(fact f.4-ls.hmt reason)" = started ]
    [ "$(wc -l <"$TMP/err")" = 4 ]
    says '^heapmark record: f.hmt: family, [0-9]+ operations, '
    # An old file is kept.
    expect 0 record -q -o f.hmt --no-children -- ./family >/dev/null
    verify f.hmt.old
    [ "$(ls f.5* 2>/dev/null)" = "" ]
}

test_only_and_no_children() {
    cd "$TMP"
    expect 0 record -o only.hmt --only sort -- sh -c 'seq 100 | sort -R | tail -n 1 >/dev/null'
    [ "$(ls *.hmt)" = only.hmt ]
    fact only.hmt program | grep -q sort
    expect 125 record -o none.hmt --only nobody -- true
    says "no process ran a program named nobody"
    [ ! -e none.hmt ]
    expect 3 record -o one.hmt --no-children -- sh -c 'sort </dev/null; (exit 3)'
    [ "$(ls one*.hmt)" = one.hmt ]
    expect 0 record -q -o secret.hmt --no-command -- echo hush-hush >/dev/null
    ! grep -q hush "$TMP/secret.hmt"
    [ "$(fact secret.hmt command)" = "" ]
}

test_vfork_of_python() {
    [ -x /usr/bin/python3 ] || { echo "no python3"; exit 77; }
    cd "$TMP"
    expect 0 record -q -o py.hmt -- /usr/bin/python3 -c 'import subprocess; print(subprocess.run(["echo", "from below"], capture_output=True).stdout)' >out
    grep -q 'from below' out
    for file in py*.hmt; do verify "$file"; done
    ls py.*-echo.hmt >/dev/null
}

test_threads_that_free_each_others_blocks() {
    cd "$TMP"
    build threads 'static _Atomic(void *) box[256];
        static void *work(void *a) { unsigned s = (unsigned)(uintptr_t)a * 77 + 1; for (int i = 0; i < 60000; i++) { s = s * 1103515245 + 12345; void *p = malloc(s % 600 + 1); free(__atomic_exchange_n(&box[s >> 24], p, __ATOMIC_ACQ_REL)); } return 0; }
        int main(void) { for (int r = 0; r < 3; r++) { pthread_t t[6]; for (int i = 0; i < 6; i++) pthread_create(&t[i], 0, work, (void *)(uintptr_t)(r * 6 + i)); for (int i = 0; i < 6; i++) pthread_join(t[i], 0); } return 0; }'
    expect 0 record -o threads.hmt -- ./threads
    verify threads.hmt
    ! grep -q lost "$TMP/err"
    [ "$(fact threads.hmt end)" = "exit 0" ]
    # The least ring that may be: threads wait, and nothing is lost.
    expect 0 record -o small.hmt --buffer 1M -- ./threads
    verify small.hmt
    ! grep -q lost "$TMP/err"
    # Many threads, one after another: what they held is given back.
    build crowd 'static void *work(void *a) { churn(50); return 0; }
        int main(void) { for (int i = 0; i < 2000; i++) { pthread_t t; pthread_create(&t, 0, work, 0); pthread_join(t, 0); } puts("done"); return 0; }'
    expect 0 record -o crowd.hmt --buffer 1M -- ./crowd >out
    grep -qx done out
    verify crowd.hmt
    ! grep -q lost "$TMP/err"
}

test_handlers_failures_alignments_libraries() {
    cd "$TMP"
    printf '#include <stdlib.h>\nvoid *from_library(void) { return malloc(4711); }\n' >lib.c
    cc -shared -fPIC -fno-builtin -o liblate.so lib.c
    build odd 'static void h(int s) { free(malloc(33)); void *p = realloc(0, 44); free(realloc(p, 55)); }
        int main(void) { signal(SIGALRM, h); struct itimerval t = {{0, 500}, {0, 500}}; 
        if (fork() == 0) { setitimer(ITIMER_REAL, &t, 0); for (volatile int i = 0; i < 30000000; i++); _exit(0); } wait(0);
        void *p; if (malloc(PTRDIFF_MAX + 1ul) || calloc(1ul << 40, 1ul << 40) || realloc(0, PTRDIFF_MAX + 1ul)) return 1;
        if (posix_memalign(&p, 3, 10) != EINVAL || posix_memalign(&p, 256, 10)) return 2; free(p);
        free(aligned_alloc(64, 640)); free(memalign(4096, 1)); free(valloc(5)); free(pvalloc(6)); free(0);
        p = reallocarray(0, 3, 7); free(p); p = malloc(9); if (realloc(p, 0)) return 3;
        void *l = dlopen("./liblate.so", RTLD_NOW); void *(*f)(void) = dlsym(l, "from_library"); free(f()); return 0; }' -include dlfcn.h
    expect 0 record -q -o odd.hmt -- ./odd
    for file in odd*.hmt; do verify "$file"; done
    "$HEAPMARK" trace dump odd.hmt >dump
    for word in malloc calloc realloc reallocarray free memalign aligned_alloc posix_memalign valloc pvalloc 4711; do
        grep -qw "$word" dump || { echo "no $word"; return 1; }
    done
    "$HEAPMARK" trace dump odd.2-odd.hmt | grep -qw 33
}

test_refused_before_the_start() {
    cd "$TMP"
    build static 'return 0;' -static
    expect 126 record -- ./static
    says 'static is statically linked'
    cp "$(type -P true)" borrowed
    if [ "$(id -u)" = 0 ]; then
        chown 65534 borrowed && chmod u+s borrowed
        expect 126 record -- ./borrowed
        says 'borrowed is setuid'
    fi
    printf '#!%s/static\n' "$TMP" >script && chmod +x script
    expect 126 record -- ./script
    says 'static is statically linked'
    cp "$(type -P true)" foreign && chmod u-s foreign
    printf '\267' | dd of=foreign bs=1 seek=18 conv=notrunc status=none
    expect 126 record -- ./foreign
    says 'is built for aarch64'
    expect 127 record -- ./nowhere
    says 'nowhere: not found'
    expect 126 record -- /etc/passwd
    says 'cannot be executed'
    expect 2 record
    expect 2 record --buffer 3 -- true
    says 'out of range'
    [ "$(ls ./*.hmt 2>/dev/null)" = "" ]
}

test_no_room_and_nowhere_to_write() {
    cd "$TMP"
    build busy 'for (int i = 0; i < 40; i++) { churn(20000); usleep(1000); } puts("unharmed"); return 6;'
    expect 125 record -o /nowhere/at/all.hmt -- ./busy >out
    says '/nowhere/at/all.hmt.*; busy goes on unrecorded$'
    [ "$(wc -l <err)" = 1 ]
    grep -qx unharmed out
    # The limit is the program's, too, which writes nothing but to a pipe.
    expect 125 bash -c 'ulimit -S -f 64; exec "$0" record -o full.hmt -- ./busy | cat >out; exit "${PIPESTATUS[0]}"' "$HEAPMARK"
    says 'full.hmt.*; busy goes on unrecorded$'
    grep -qx unharmed out
    verify full.hmt
    if [ -w /dev/full ]; then
        expect 125 record -o /dev/full -- ./busy >out
        says 'busy goes on unrecorded'
        grep -qx unharmed out
    fi
}

test_by_environment_alone() {
    cd "$TMP"
    build service 'churn(30000); if (fork() == 0) { churn(100); _exit(0); } wait(0); puts("served"); return 9;'
    local library=${HEAPMARK%/*}/libheapmark-recorder.so
    expect 9 env LD_PRELOAD="$library" HEAPMARK_RECORD="$TMP/s.hmt" ./service >out
    grep -qx served out
    for i in $(seq 200); do [ "$(fact s.hmt end 2>/dev/null)" = "exit 9" ] && break; sleep 0.05; done
    verify s.hmt && verify s.2-service.hmt
    case "$(fact s.hmt end)" in 'exit 9' | exited) ;; *) fact s.hmt end; return 1 ;; esac
}

test_by_environment_in_strange_places() {
    cd "$TMP"
    local library=${HEAPMARK%/*}/libheapmark-recorder.so
    # The collector is no child that wait() finds; the path is one of the folder that the program
    # was started in.
    build lonely 'if (chdir("/")) return 1; churn(1000);
        if (waitpid(-1, 0, __WALL) != -1 || errno != ECHILD) return 3; puts("alone"); return 0;'
    expect 0 env LD_PRELOAD="$library" HEAPMARK_RECORD=lonely.hmt ./lonely >out
    grep -qx alone out
    for i in $(seq 200); do [ "$(fact lonely.hmt end 2>/dev/null)" != "" ] && break; sleep 0.05; done
    verify lonely.hmt
    # One that takes in orphans has none but its own.
    build reaper 'if (getenv("LD_PRELOAD")) { int is = 0; prctl(PR_GET_CHILD_SUBREAPER, &is); if (!is) return 4; churn(1000);
            if (fork() == 0) { if (fork() == 0) _exit(0); _exit(0); } int n = 0; while (wait(0) > 0) n++; return n == 2 ? 0 : 5; }
        prctl(PR_SET_CHILD_SUBREAPER, 1); putenv(argv[1]); putenv("HEAPMARK_RECORD=reaper.hmt"); execl("reaper", "reaper", (char *)0); return 6;' \
        -include sys/prctl.h
    expect 0 ./reaper "LD_PRELOAD=$library"
    for i in $(seq 200); do [ "$(fact reaper.hmt end 2>/dev/null)" != "" ] && break; sleep 0.05; done
    verify reaper.hmt
    # Nowhere to write: a line, and the program is none the wiser.
    expect 0 env LD_PRELOAD="$library" HEAPMARK_RECORD=/nowhere/x.hmt ./lonely >out
    grep -qx alone out
    for i in $(seq 200); do [ -s err ] && break; sleep 0.05; done
    [ "$(grep -c heapmark err)" = 1 ] && says '/nowhere/x.hmt'
}

test_a_program_is_called_by_the_name_that_it_was_started_by() {
    cd "$TMP"
    build real 'churn(100); return 0;'
    ln -s real alias
    expect 0 record --only alias -o a.hmt -- ./alias
    says 'a.hmt: alias, '
    [ "$(basename "$(fact a.hmt program)")" = real ]
    expect 0 record -o t.hmt -- bash -c 'exec -a "alias: a title" ./real'
    says 'real, [0-9]* operations'
}

test_a_program_left_behind_is_waited_for() {
    cd "$TMP"
    build daemon 'churn(100); if (fork() == 0) { setsid(); usleep(300000); churn(5000); _exit(0); } return 0;'
    expect 0 record -q -o d.hmt -- ./daemon
    verify d.2-daemon.hmt
    [ "$(fact d.2-daemon.hmt reason)" = forked ]
}

test_a_fork_that_vforks_before_it_allocates() {
    cd "$TMP"
    build early 'if (fork() == 0) { if (vfork() == 0) { free(malloc(77)); _exit(0); } usleep(50000); churn(2000); _exit(0); }
        wait(0); return 0;'
    expect 0 record -o early.hmt -- ./early
    verify early.hmt && verify early.2-early.hmt
    [ "$("$HEAPMARK" trace dump early.2-early.hmt | grep -c malloc)" -ge 2000 ]
}

test_a_program_that_overwrites_its_ring() {
    cd "$TMP"
    build wild 'free(malloc(1)); char line[512]; unsigned long from = 0, to = 0; FILE *maps = fopen("/proc/self/maps", "r");
        while (fgets(line, sizeof line, maps)) if (strstr(line, "heapmark-ring")) sscanf(line, "%lx-%lx", &from, &to);
        if (from == 0) return 1;
        if (argv[1][0] == 0x61) memset((void *)from, 0x5a, to - from);
        else *(uint64_t *)(from + 8) = 0x7777000000000;
        usleep(100000); write(1, "alive\n", 6); _exit(3);'
    expect 125 record -o all.hmt -- ./wild all >out
    says 'has overwritten.*; wild goes on unrecorded$'
    grep -qx alive out
    verify all.hmt
    # Where the chunks are, record knows by itself.
    expect 3 record -o offset.hmt -- ./wild offset
    verify offset.hmt
}

test_a_process_in_a_pid_namespace() {
    cd "$TMP"
    unshare -rpf true 2>/dev/null || exit 77
    # Threads that live longer than record waits between two looks at who is gone.
    build contained 'void *run(void *a) { for (int i = 0; i < 40; i++) { churn(100); usleep(10000); } return a; }
        int main(void) { pthread_t t[2]; for (int i = 0; i < 2; i++) pthread_create(&t[i], 0, run, 0);
            for (int i = 0; i < 2; i++) pthread_join(t[i], 0); return 0; }'
    expect 0 record --only contained -o c.hmt -- unshare -rpf ./contained
    verify c.hmt
    [ "$("$HEAPMARK" trace dump c.hmt | grep -c malloc)" -ge 8000 ]
    # Those that come and go leave their room in the ring.
    build gone 'void *run(void *a) { churn(1); usleep(1000); return a; }
        int main(void) { for (int i = 0; i < 100; i++) { pthread_t t; pthread_create(&t, 0, run, 0); pthread_join(t, 0); } return 4; }'
    expect 4 record --buffer 1M --only gone -o g.hmt -- unshare -rpf ./gone
    verify g.hmt
}

test_more_threads_than_the_ring_has_room_for() {
    cd "$TMP"
    build crowd 'pthread_barrier_t all; void *run(void *a) { free(malloc(9)); pthread_barrier_wait(&all); return a; }
        int main(void) { enum { N = 100 }; pthread_t t[N]; pthread_barrier_init(&all, 0, N);
            for (int i = 0; i < N; i++) pthread_create(&t[i], 0, run, 0);
            for (int i = 0; i < N; i++) pthread_join(t[i], 0); puts("through"); return 5; }'
    expect 5 record -o wide.hmt -- ./crowd
    verify wide.hmt
    expect 125 timeout 60 "$HEAPMARK" record --buffer 1M -o narrow.hmt -- ./crowd >out
    says 'threads hold all of the ring.*larger --buffer; crowd goes on unrecorded$'
    grep -qx through out
    verify narrow.hmt
}

# A link in the way is put aside as a link, its target kept; a pipe that nobody reads is refused.
test_links_and_pipes_in_the_way() {
    cd "$TMP"
    build some 'churn(100); puts("through"); return 0;'
    echo keep >target
    ln -s target link.hmt
    expect 0 record -q -o link.hmt -- ./some >out
    [ "$(cat target)" = keep ] && [ -L link.hmt.old ] && [ ! -L link.hmt ]
    verify link.hmt
    mkfifo pipe.hmt
    expect 125 timeout 20 "$HEAPMARK" record -q -o pipe.hmt -- ./some >out
    says 'pipe.hmt is a pipe'
    [ "$(cat out)" = through ]
}
