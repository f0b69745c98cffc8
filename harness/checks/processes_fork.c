/* Processes: fork and exec, also where other threads or a signal's victim are in malloc. */
#include "check.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static atomic_bool stop;

static void *churn(void *argument)
{
    enum { BLOCKS = 64 };
    char *held[BLOCKS] = {0};
    uint64_t random = (uintptr_t)argument + 1;
    while (!atomic_load(&stop)) {
        size_t i = check_random(&random) % BLOCKS;
        free(held[i]);
        held[i] = check_malloc(check_random_size(&random, 200000) + 1);
        held[i][0] = 1;
    }
    return NULL;
}

static void start_churn(unsigned count)
{
    pthread_t thread;
    for (uintptr_t i = 0; i < count; i++)
        CHECK_THAT(pthread_create(&thread, NULL, churn, (void *)i) == 0, "cannot start a thread");
}

/* Every size class, and a thread, in a process that was just forked. */
static void use_heap(void)
{
    for (size_t bytes = 1; bytes < 1000000; bytes = bytes * 3 / 2 + 1) {
        void *block = check_malloc(bytes);
        check_fill(block, bytes, bytes);
        block = realloc(block, bytes * 2);
        CHECK_THAT(block != NULL, "realloc is NULL in a child");
        check_filled(block, bytes, bytes, "a child's block");
        free(block);
    }
}

static void *use_heap_thread(void *argument)
{
    use_heap();
    return argument;
}

static void contents_run(size_t argument)
{
    enum { BLOCKS = 3000 };
    static char *blocks[BLOCKS];
    (void)argument;
    for (size_t i = 0; i < BLOCKS; i++)
        check_fill(blocks[i] = check_malloc(i + 1), i + 1, i);
    pid_t child = check_fork();
    for (size_t i = 0; i < BLOCKS; i++) {
        check_filled(blocks[i], i + 1, i, child == 0 ? "in the child" : "in the parent");
        free(blocks[i]);
    }
    use_heap();
    if (child == 0)
        _exit(0);
    check_child_is_well(child, "the child");
}
CHECK("processes", "fork-plain", contents, "both sides of a fork use and free what was there")

static void threaded_run(size_t argument)
{
    (void)argument;
    start_churn(4);
    for (int i = 0; i < 20; i++) {
        pid_t child = check_fork();
        if (child == 0) {
            use_heap();
            if (i % 8 == 0)
                check_threads(2, use_heap_thread);
            if (i % 10 == 0) {
                pid_t grandchild = check_fork();
                use_heap();
                if (grandchild == 0)
                    _exit(0);
                check_child_is_well(grandchild, "a grandchild");
            }
            _exit(0);
        }
        check_child_is_well(child, "a child of a process with threads");
    }
    atomic_store(&stop, true);
}
CHECK("processes", "fork-with-threads", threaded,
      "20 forks while four threads allocate; children and their threads allocate")

static void *fork_thread(void *argument)
{
    for (int i = 0; i < 6; i++) {
        pid_t child = check_fork();
        use_heap();
        if (child == 0)
            _exit(0);
        check_child_is_well(child, "a child of a thread");
    }
    return argument;
}

static void several_run(size_t argument)
{
    (void)argument;
    start_churn(2);
    check_threads(4, fork_thread);
    atomic_store(&stop, true);
}
CHECK("processes", "fork-by-threads", several, "four threads fork at the same time")

/* ---- handlers of pthread_atfork ------------------------------------------------------ */

static atomic_int handlers_run;

static void handler(void)
{
    for (size_t i = 1; i < 30; i++)
        free(check_malloc(i * i * 20));
    atomic_fetch_add(&handlers_run, 1);
}

static void add_handlers(void)
{
    CHECK_THAT(pthread_atfork(handler, handler, handler) == 0, "pthread_atfork");
}
CHECK_EARLY("atfork-before", add_handlers)

static void fork_with_handlers(int handlers_each)
{
    start_churn(3);
    for (int i = 0; i < 20; i++) {
        pid_t child = check_fork();
        use_heap();
        if (child == 0)
            _exit(0);
        check_child_is_well(child, "a child");
    }
    atomic_store(&stop, true);
    CHECK_THAT(atomic_load(&handlers_run) == 20 * 2 * handlers_each, "%d of %d handlers ran",
               atomic_load(&handlers_run), 20 * 2 * handlers_each);
}

static void atfork_run(size_t argument)
{
    (void)argument;
    for (int i = 0; i < 3; i++)
        add_handlers();
    fork_with_handlers(3);
}
CHECK("processes", "atfork-order", atfork,
      "handlers of pthread_atfork allocate before, and on both sides after, the fork")

/* They run while the allocator's own hold its locks, if it has any. */
static void atfork_before_run(size_t argument)
{
    (void)argument;
    fork_with_handlers(1);
}
CHECK("processes", "atfork-before", atfork_before,
      "the same by a handler that was there before the allocator's own: it runs within those")

/* The stdio locks stand between fork's handlers and the heap's: glibc bug 19431. */
static void *flush(void *argument)
{
    while (!atomic_load(&stop)) {
        char *text = NULL;
        size_t bytes = 0;
        FILE *stream = open_memstream(&text, &bytes);
        if (stream != NULL) {
            fputs("something", stream);
            fflush(NULL);
            fclose(stream);
        }
        free(text);
    }
    return argument;
}

static void stdio_run(size_t argument)
{
    pthread_t thread;
    (void)argument;
    for (int i = 0; i < 3; i++)
        CHECK_THAT(pthread_create(&thread, NULL, flush, NULL) == 0, "cannot start a thread");
    for (int i = 0; i < 60; i++) {
        pid_t child = check_fork();
        if (child == 0) {
            free(check_malloc(100));
            _exit(0);
        }
        check_child_is_well(child, "a child");
    }
    atomic_store(&stop, true);
}
CHECK("processes", "fork-and-stdio", stdio,
      "60 forks while threads hold stdio's locks and allocate under them: no circle of locks")

/* ---- signals -------------------------------------------------------------------------- */

static atomic_int signals, children_failed;

static void fork_in_handler(int number)
{
    int error = errno, status = 0;
    (void)number;
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    if (child > 0)
        while (waitpid(child, &status, 0) < 0 && errno == EINTR)
            continue;
    if (child < 0 || status != 0)
        atomic_fetch_add(&children_failed, 1);
    atomic_fetch_add(&signals, 1);
    errno = error;
}

static void start_alarm(void (*react)(int), int flags, long period_us)
{
    struct sigaction action = {.sa_handler = react, .sa_flags = flags | SA_RESTART};
    struct itimerval timer = {
        {0, period_us},
        {0, period_us}
    };
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &timer, NULL);
}

static void stop_alarm(void)
{
    struct itimerval none = {
        {0, 0},
        {0, 0}
    };
    setitimer(ITIMER_REAL, &none, NULL);
}

static void churn_for(unsigned ms)
{
    uint64_t end_ns = check_now_ns() + ms * UINT64_C(1000000), random = 1;
    char *held[64] = {0};
    while (check_now_ns() < end_ns)
        for (int k = 0; k < 50; k++) {
            size_t i = check_random(&random) % 64;
            free(held[i]);
            held[i] = check_malloc(check_random_size(&random, 300000) + 1);
            held[i][0] = 1;
        }
}

static void fork_signal_run(size_t argument)
{
    (void)argument;
    start_alarm(fork_in_handler, 0, 3000);
    churn_for(500);
    stop_alarm();
    CHECK_THAT(atomic_load(&signals) > 0, "no signal came");
    CHECK_THAT(atomic_load(&children_failed) == 0, "%d children failed",
               atomic_load(&children_failed));
}
CHECK("processes", "fork-in-signal-handler", fork_signal,
      "a signal handler forks while it has interrupted malloc (fork may be called there in POSIX "
      "2017)")

/* A handler may call what is async-signal-safe; it may also find the heap whole on a stack of its
 * own when it did not interrupt malloc. */
static volatile sig_atomic_t in_malloc;

static void allocate_in_handler(int number)
{
    (void)number;
    if (in_malloc)
        return;
    char *block = malloc(5000);
    if (block != NULL)
        memset(block, 1, 5000);
    free(block);
    atomic_fetch_add(&signals, 1);
}

static void alternate_run(size_t argument)
{
    stack_t stack = {.ss_sp = check_memory(65536), .ss_size = 65536};
    uint64_t end_ns = check_now_ns() + UINT64_C(300000000), random = 3;
    (void)argument;
    CHECK_THAT(sigaltstack(&stack, NULL) == 0, "sigaltstack: %s", strerror(errno));
    start_alarm(allocate_in_handler, SA_ONSTACK, 500);
    while (check_now_ns() < end_ns) {
        in_malloc = 1;
        free(check_malloc(check_random_size(&random, 100000)));
        in_malloc = 0;
    }
    stop_alarm();
    CHECK_THAT(atomic_load(&signals) > 0, "no signal came");
}
CHECK("processes", "signal-alternate-stack", alternate,
      "malloc in a handler on a small alternate stack that did not interrupt malloc")

/* ---- exec ------------------------------------------------------------------------------ */

static void exec_run(size_t argument)
{
    (void)argument;
    start_churn(3);
    for (int i = 0; i < 10; i++) {
        pid_t child = i % 2 == 0 ? check_fork() : vfork();
        if (child == 0) {
            execl(check_program(), "heapmark-check", "exec-target", (char *)NULL);
            _exit(3);
        }
        CHECK_THAT(child > 0, "vfork: %s", strerror(errno));
        check_child_is_well(child, "a program that was executed");
    }
    /* And this process itself, with threads at work. */
    execl(check_program(), "heapmark-check", "exec-target", (char *)NULL);
    check_fail("execl: %s", strerror(errno));
}
CHECK("processes", "exec", exec, "fork, vfork and exec, and exec of a process with live threads")

static void exec_target_run(size_t argument)
{
    (void)argument;
    use_heap();
}
CHECK("processes", "exec-target", exec_target, "what 'exec' starts: plain use of the heap")
