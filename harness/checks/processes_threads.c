/* Processes: threads that come and go, their blocks and their destructors. */
#include "check.h"

#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#define MIB ((size_t)1 << 20)

static void join_one(void *(*run)(void *), void *argument)
{
    pthread_t thread;
    int error = pthread_create(&thread, NULL, run, argument);
    CHECK_THAT(error == 0, "cannot start a thread: %s", strerror(error));
    pthread_join(thread, NULL);
}

static void grew_by_less(size_t before, size_t maximum, const char *what)
{
    size_t now = check_rss_bytes();
    CHECK_THAT(now < before + maximum, "%s: memory grew by %zu KiB", what, (now - before) >> 10);
}

/* ---- growth ------------------------------------------------------------------------- */

static void *short_life(void *argument)
{
    void *blocks[50];
    for (size_t i = 0; i < 50; i++)
        memset(blocks[i] = check_malloc(i * 40 + 1), 1, i * 40 + 1);
    for (size_t i = 0; i < 50; i++)
        free(blocks[i]);
    return argument;
}

static void short_threads_run(size_t argument)
{
    size_t before = 0;
    (void)argument;
    for (int i = 0; i < 4000; i++) {
        join_one(short_life, NULL);
        if (i == 500)
            before = check_rss_bytes();
    }
    grew_by_less(before, 8 * MIB, "3500 threads that freed all they had");
}
CHECK("processes", "thread-many-short", short_threads,
      "4000 threads, one after the other, that free what they had: no growth")

/* Leaves a block to whoever comes. */
static void *leave_block(void *argument)
{
    void **left = argument;
    short_life(NULL);
    for (size_t i = 0; i < 40; i++)
        memset(left[i] = check_malloc(1000), 1, 1000);
    return NULL;
}

static void orphans_run(size_t argument)
{
    size_t before = 0;
    void *left[40];
    (void)argument;
    for (int i = 0; i < 3000; i++) {
        join_one(leave_block, left);
        for (size_t k = 0; k < 40; k++)
            free(left[k]);
        if (i == 500)
            before = check_rss_bytes();
    }
    grew_by_less(before, 12 * MIB, "100 000 blocks freed after their owners had ended");
}
CHECK("processes", "thread-orphans-freed", orphans,
      "blocks freed by another thread after their owner has ended come back into use")

enum { BIG_BLOCKS = 4000, BIG_BYTES = 4000 };

static void *fill_and_free(void *argument)
{
    static void *blocks[BIG_BLOCKS];
    for (size_t i = 0; i < BIG_BLOCKS; i++)
        memset(blocks[i] = check_malloc(BIG_BYTES), 1, BIG_BYTES);
    for (size_t i = 0; i < BIG_BLOCKS; i++)
        free(blocks[i]);
    return argument;
}

static void reused_run(size_t argument)
{
    (void)argument;
    join_one(fill_and_free, NULL);
    join_one(fill_and_free, NULL);
    size_t before = check_rss_bytes();
    for (int i = 0; i < 30; i++)
        join_one(fill_and_free, NULL);
    grew_by_less(before, 40 * MIB, "30 threads of 16 MB each, one after the other");
}
CHECK("processes", "thread-memory-reused", reused,
      "what a thread that ended had freed serves the next one")

/* ---- blocks cross threads ----------------------------------------------------------- */

static _Atomic(char *) handed;
static atomic_bool producer_done;

static void *produce(void *argument)
{
    for (size_t i = 0; i < 60000; i++) {
        char *expected = NULL, *block = check_malloc(i % 700 + 16);
        check_fill(block, 16, i);
        while (!atomic_compare_exchange_weak(&handed, &expected, block)) {
            expected = NULL;
            sched_yield();
        }
    }
    atomic_store(&producer_done, true);
    return argument;
}

static void one_way_run(size_t argument)
{
    pthread_t producer;
    size_t before = 0;
    (void)argument;
    CHECK_THAT(pthread_create(&producer, NULL, produce, NULL) == 0, "cannot start a thread");
    for (size_t i = 0; i < 60000;) {
        char *block = atomic_exchange(&handed, NULL);
        if (block == NULL) {
            sched_yield();
            continue;
        }
        check_filled(block, 16, i, "a block of the other thread");
        free(block);
        if (++i == 10000)
            before = check_rss_bytes();
    }
    pthread_join(producer, NULL);
    grew_by_less(before, 16 * MIB, "one thread allocates, one frees, 50 000 times");
}
CHECK("processes", "thread-one-way", one_way,
      "a thread that only allocates and one that only frees: contents right, no growth")

static void *realloc_others(void *argument)
{
    char **blocks = argument;
    for (size_t i = 0; i < 1000; i++) {
        blocks[i] = realloc(blocks[i], 3000 + i);
        CHECK_THAT(blocks[i] != NULL, "realloc of another thread's block is NULL");
        check_filled(blocks[i], 500 + i, i, "realloc of another thread's block");
    }
    return NULL;
}

static void realloc_run(size_t argument)
{
    static char *blocks[1000];
    (void)argument;
    for (size_t i = 0; i < 1000; i++) {
        blocks[i] = check_malloc(500 + i);
        check_fill(blocks[i], 500 + i, i);
    }
    join_one(realloc_others, blocks);
    for (size_t i = 0; i < 1000; i++) {
        check_filled(blocks[i], 500 + i, i, "a block that another thread grew");
        free(blocks[i]);
    }
}
CHECK("processes", "thread-realloc-others", realloc, "a thread resizes another one's blocks")

/* ---- destructors of a thread -------------------------------------------------------- */

static pthread_key_t keys[4];
static atomic_int destructions;

/* Frees what the value is and, for some rounds, leaves another behind. */
static void destroy(void *value)
{
    size_t round;
    memcpy(&round, value, sizeof round);
    int number = atomic_fetch_add(&destructions, 1);
    void *more = check_malloc(100 + (size_t)number % 3000);
    memset(more, 3, 100);
    free(value);
    free(more);
    if (round == 0)
        return;
    size_t *next = check_malloc(64);
    *next = round - 1;
    pthread_setspecific(keys[number % 4], next);
}

static void *with_keys(void *argument)
{
    for (int i = 0; i < 4; i++) {
        size_t *value = check_malloc(64);
        *value = 2;
        pthread_setspecific(keys[i], value);
    }
    return short_life(argument);
}

static void keys_run(size_t argument)
{
    size_t before = 0;
    (void)argument;
    free(check_malloc(10));
    for (int i = 0; i < 4; i++)
        CHECK_THAT(pthread_key_create(&keys[i], destroy) == 0, "pthread_key_create");
    for (int i = 0; i < 1500; i++) {
        join_one(with_keys, NULL);
        if (i == 300)
            before = check_rss_bytes();
    }
    CHECK_THAT(atomic_load(&destructions) > 1500 * 4, "destructors did not run");
    grew_by_less(before, 12 * MIB, "1200 threads whose destructors allocate");
}
CHECK("processes", "thread-key-destructors", keys,
      "destructors of pthread keys allocate and free, several rounds of them: no growth")

/* One key is older than the allocator's own, whose destructor so runs between the two's. */
static pthread_key_t older_key, newer_key;

/* Asks for another round each time; there are PTHREAD_DESTRUCTOR_ITERATIONS, 4. */
static void destroy_again(void *key)
{
    void *blocks[20];
    for (size_t i = 0; i < 20; i++)
        memset(blocks[i] = check_malloc(i * 200 + 1), 1, i * 200 + 1);
    for (size_t i = 0; i < 20; i++)
        free(blocks[i]);
    atomic_fetch_add(&destructions, 1);
    pthread_setspecific(*(pthread_key_t *)key, key);
}

static void make_older_key(void)
{
    CHECK_THAT(pthread_key_create(&older_key, destroy_again) == 0, "pthread_key_create");
}
CHECK_EARLY("thread-key-order", make_older_key)

static void *with_two_keys(void *argument)
{
    pthread_setspecific(older_key, &older_key);
    pthread_setspecific(newer_key, &newer_key);
    return short_life(argument);
}

static void key_order_run(size_t argument)
{
    size_t before = 0;
    (void)argument;
    CHECK_THAT(pthread_key_create(&newer_key, destroy_again) == 0, "pthread_key_create");
    for (int i = 0; i < 1500; i++) {
        join_one(with_two_keys, NULL);
        if (i == 300)
            before = check_rss_bytes();
    }
    CHECK_THAT(atomic_load(&destructions) == 1500 * 4 * 2, "%d of 12000 destructors ran",
               atomic_load(&destructions));
    grew_by_less(before, 12 * MIB, "1200 threads whose destructors allocate to the last round");
}
CHECK("processes", "thread-key-order", key_order,
      "destructors of keys older and newer than the allocator's own allocate to the last round: no "
      "growth")

/* What C++'s thread_local objects use; run before the keys' destructors. */
extern int __cxa_thread_atexit_impl(void (*)(void *), void *, void *);
extern void *__dso_handle;

static void object_destroyed(void *object)
{
    void *more = check_malloc(5000);
    memset(more, 5, 5000);
    check_filled(object, 300, 5, "a thread_local object");
    free(object);
    free(more);
    atomic_fetch_add(&destructions, 1);
}

static void *with_objects(void *argument)
{
    for (int i = 0; i < 5; i++) {
        void *object = check_malloc(300);
        check_fill(object, 300, 5);
        __cxa_thread_atexit_impl(object_destroyed, object, &__dso_handle);
    }
    return short_life(argument);
}

static void objects_run(size_t argument)
{
    (void)argument;
    for (int i = 0; i < 300; i++)
        join_one(with_objects, NULL);
    CHECK_THAT(atomic_load(&destructions) == 1500, "%d of 1500 destructors ran",
               atomic_load(&destructions));
}
CHECK("processes", "thread-local-destructors", objects,
      "destructors of C++'s thread_local objects allocate and free")

/* ---- the process ends while threads are at work ------------------------------------- */

static void *work_on(void *argument)
{
    for (uint64_t random = (uintptr_t)argument;;) {
        size_t bytes = check_random_size(&random, 100000);
        char *block = check_malloc(bytes + 1);
        block[bytes] = 1;
        free(block);
    }
    return NULL;
}

static void at_exit(void)
{
    for (size_t i = 0; i < 2000; i++)
        free(check_malloc(i * 10));
}

static void exit_run(size_t argument)
{
    pthread_t thread;
    (void)argument;
    atexit(at_exit);
    for (uintptr_t i = 1; i <= 4; i++)
        CHECK_THAT(pthread_create(&thread, NULL, work_on, (void *)i) == 0, "cannot start a thread");
    check_sleep_ms(100);
}
CHECK("processes", "exit-with-live-threads", exit,
      "exit() while four threads allocate, exit handlers that allocate too")

static void *cancelled(void *argument)
{
    work_on(argument);
    return NULL;
}

static void cancel_run(size_t argument)
{
    (void)argument;
    for (uintptr_t i = 1; i <= 50; i++) {
        pthread_t thread;
        CHECK_THAT(pthread_create(&thread, NULL, cancelled, (void *)i) == 0, "no thread");
        check_sleep_ms(1);
        /* malloc and free are no cancellation points: it ends at none, and none may be added. */
        pthread_cancel(thread);
        free(check_malloc(1000));
        if (i % 10 == 0)
            short_life(NULL);
        pthread_detach(thread);
        if (i == 6)
            break;
    }
    check_sleep_ms(50);
    check_pass();
}
CHECK("processes", "thread-cancelled", cancel,
      "a pending cancellation takes no thread out of malloc: no lock stays held")
