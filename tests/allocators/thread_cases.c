/* Threads that free each other's blocks, forks while they do, forks from a signal handler. */
#include "cases.h"
#include "entry.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS       4
#define SLOTS         256
#define OPERATIONS    20000
#define FORKS         20
#define SIGNALS       100
#define CHILD_SECONDS 30 /* a deadlock in a child ends as SIGALRM, not as a hang */

/* What any thread may take and must free. First byte and last hold the block's mark. */
static _Atomic(unsigned char *) shared[SLOTS];
static atomic_bool stop;
/* A thread that has ended when another forks is a leak in the eyes of TSan's child. */
static atomic_bool stay_until_stopped;

static void check_and_free(unsigned char *block)
{
    if (block == NULL)
        return;
    /* Not assert_*: cmocka's way out of a thread is undefined. */
    if (block[0] != block[our_malloc_usable_size(block) - 1])
        abort();
    our_free(block);
}

static void churn_once(uint64_t *random)
{
    unsigned char *block = our_malloc(random_bytes(random, 256 << 10) + 1);

    /* bump may use up what there is while a handler forks and forks. */
    if (block == NULL)
        return;
    size_t usable = our_malloc_usable_size(block);
    block[0] = block[usable - 1] = (unsigned char)random_next(random);
    if (random_next(random) % 8 == 0) {
        unsigned char mark = block[0];
        unsigned char *moved = our_realloc(block, usable * 2);
        block = moved != NULL ? moved : block;
        if (block[0] != mark)
            abort();
        block[our_malloc_usable_size(block) - 1] = mark;
    }
    /* Release and acquire: the block's bytes travel with it. */
    check_and_free(atomic_exchange_explicit(&shared[random_next(random) % SLOTS], block,
                                            memory_order_acq_rel));
}

static void *churn(void *argument)
{
    uint64_t random = *(const uint64_t *)argument;

    for (int i = 0; i < OPERATIONS && !atomic_load(&stop); i++)
        churn_once(&random);
    while (atomic_load(&stay_until_stopped) && !atomic_load(&stop))
        usleep(1000);
    return NULL;
}

static void start_threads(pthread_t threads[THREADS])
{
    static const uint64_t seeds[THREADS] = {3, 1415, 92653, 58979};

    atomic_store(&stop, false);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, churn, (void *)&seeds[i]), 0);
}

static void join_threads(pthread_t threads[THREADS])
{
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < SLOTS; i++)
        check_and_free(atomic_exchange(&shared[i], NULL));
}

static void threads_free_each_others_blocks(void **state)
{
    (void)state;
    pthread_t threads[THREADS];

    start_threads(threads);
    join_threads(threads);
}

static void child_works(void)
{
    uint64_t random = 4711;

    alarm(CHILD_SECONDS);
    for (int i = 0; i < 200; i++)
        churn_once(&random);
    _exit(0);
}

static void assert_child_ends_well(pid_t child)
{
    int status = -1;

    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void fork_while_threads_allocate(void **state)
{
    (void)state;
    pthread_t threads[THREADS];

    atomic_store(&stay_until_stopped, true);
    start_threads(threads);
    for (int i = 0; i < FORKS; i++) {
        pid_t child = fork();
        if (child == 0)
            child_works();
        assert_child_ends_well(child);
    }
    atomic_store(&stop, true);
    join_threads(threads);
}

static volatile sig_atomic_t forks_seen, forks_failed;

static void fork_in_handler(int number)
{
    int status = -1;
    (void)number;
    pid_t child = fork();

    if (child == 0)
        _exit(0);
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
        forks_failed++;
    forks_seen++;
}

static void fork_from_a_handler_that_interrupted_malloc(void **state)
{
    (void)state;
    struct sigaction action = {.sa_handler = fork_in_handler, .sa_flags = SA_RESTART};
    uint64_t random = 99;

    sigaction(SIGALRM, &action, NULL);
    /* One shot at a time: a timer faster than fork() would leave no time for malloc. */
    for (int shot = 1; shot <= SIGNALS; shot++) {
        struct itimerval once = {.it_value.tv_usec = 20 + (suseconds_t)shot};
        setitimer(ITIMER_REAL, &once, NULL);
        while (forks_seen < shot)
            churn_once(&random);
    }
    signal(SIGALRM, SIG_DFL);
    assert_int_equal(forks_failed, 0);
    for (int i = 0; i < SLOTS; i++)
        check_and_free(atomic_exchange(&shared[i], NULL));
}

/* Handlers registered before ours run while the heap is locked for the fork. */
static void *handler_block;

static void allocating_prepare(void)
{
    handler_block = our_malloc(100);
}

static void allocating_after(void)
{
    our_free(handler_block);
}

static void other_fork_handlers_may_allocate(void **state)
{
    (void)state;
    assert_int_equal(pthread_atfork(allocating_prepare, allocating_after, allocating_after), 0);
    pid_t child = fork();
    if (child == 0)
        child_works();
    assert_child_ends_well(child);
    void *block = our_malloc(10);
    assert_non_null(block);
    our_free(block);
}

int run_thread_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_free_each_others_blocks),
        cmocka_unit_test(fork_while_threads_allocate),
        cmocka_unit_test(fork_from_a_handler_that_interrupted_malloc),
        cmocka_unit_test(other_fork_handlers_may_allocate),
    };
    return cmocka_run_group_tests_name("threads and forks", tests, NULL, NULL);
}
