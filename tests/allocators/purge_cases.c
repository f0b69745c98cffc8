/* What brkmap gives back and when, and that its heap is open meanwhile. */
#include "cases.h"
#include "entry.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "brkmap.h"
#include "heap_walk.h"
#include "os_fake.h"
#include "region.h"

static bool ignore(void *argument, const struct heap_block *block)
{
    (void)argument, (void)block;
    return true;
}

enum { KEPT = 50, KEPT_BYTES = 40000 };
static unsigned char *kept[KEPT];

static void take_kept(void)
{
    for (int i = 0; i < KEPT; i++) {
        kept[i] = our_malloc(KEPT_BYTES);
        memset(kept[i], i + 1, KEPT_BYTES);
    }
}

static bool give_kept(void)
{
    bool whole = true;
    for (int i = 0; i < KEPT; i++) {
        for (size_t at = 0; at < KEPT_BYTES; at++)
            whole &= kept[i][at] == i + 1;
        our_free(kept[i]);
    }
    return whole;
}

static void what_a_third_of_is_in_use_is_not_purged(void **state)
{
    void *blocks[300];

    (void)state;
    our_malloc_trim(0);
    for (size_t i = 0; i < 300; i++)
        memset(blocks[i] = our_malloc(KEPT_BYTES), 1, KEPT_BYTES);
    size_t purges = region_figures().purges;
    for (int round = 0; round < 5; round++) {
        for (size_t i = 0; i < 180; i++)
            our_free(blocks[i]);
        for (size_t i = 0; i < 180; i++)
            memset(blocks[i] = our_malloc(KEPT_BYTES), 1, KEPT_BYTES);
    }
    assert_int_equal(region_figures().purges, purges);
    for (size_t i = 0; i < 300; i++)
        our_free(blocks[i]);
}

static bool use_the_heap(void)
{
    struct heap_block block;

    take_kept();
    assert_int_equal(heapmark_heap_walk(ignore, &block), 0);
    pid_t child = fork();
    if (child == 0) {
        bool whole = give_kept();
        take_kept();
        _exit(whole && give_kept() && heapmark_heap_walk(ignore, &block) == 0 ? 0 : 1);
    }
    int status = -1;
    assert_true(child > 0 && waitpid(child, &status, 0) == child);
    assert_int_equal(status, 0);
    return true;
}

static void the_heap_is_open_while_pages_are_purged(void **state)
{
    (void)state;
    memset(kept, 0, sizeof(kept));
    os_fake_while_purging(use_the_heap);
    static void *blocks[600];
    for (size_t i = 0; i < 600; i++)
        memset(blocks[i] = our_malloc(KEPT_BYTES), 1, KEPT_BYTES);
    for (size_t i = 0; i < 600; i++)
        our_free(blocks[i]);
    our_malloc_trim(0);
    assert_non_null(kept[0]);
    /* What was taken meanwhile was none of what went. */
    assert_true(give_kept());
}

static bool refuse(void)
{
    return false;
}

static void what_is_refused_to_be_purged_is_not_zero(void **state)
{
    (void)state;
    take_kept();
    assert_true(give_kept());
    os_fake_while_purging(refuse);
    our_malloc_trim(0);
    unsigned char *blocks[2 * KEPT];
    for (int i = 0; i < 2 * KEPT; i++) {
        blocks[i] = our_calloc(1, KEPT_BYTES);
        for (size_t at = 0; at < KEPT_BYTES; at++)
            assert_int_equal(blocks[i][at], 0);
    }
    for (int i = 0; i < 2 * KEPT; i++)
        our_free(blocks[i]);
}

static pthread_t taker;
static void *_Atomic taken;
static _Atomic bool taker_is_done;

enum { TAKEN_BYTES = 200000 };

static void *take_what_leaves(void *argument)
{
    taken = our_malloc(TAKEN_BYTES);
    taker_is_done = true;
    return argument;
}

/* Comes back when the other thread waits, or has not waited. */
static bool let_another_take(void)
{
    unsigned waits = os_fake_waits();
    assert_int_equal(pthread_create(&taker, NULL, take_what_leaves, NULL), 0);
    while (!taker_is_done && os_fake_waits() == waits)
        sched_yield();
    return true;
}

static void what_is_being_purged_is_not_missing(void **state)
{
    static void *blocks[4000];
    size_t count = 0;

    (void)state;
    os_fake_fail(true, true);
    while (count < 4000 && (blocks[count] = our_malloc(TAKEN_BYTES)) != NULL)
        memset(blocks[count++], 1, TAKEN_BYTES);
    assert_true(count > 0 && count < 4000);
    our_free(blocks[--count]);
    os_fake_while_purging(let_another_take);
    our_malloc_trim(0);
    pthread_join(taker, NULL);
    os_fake_fail(false, false);
    assert_non_null(taken);
    our_free(taken);
    while (count > 0)
        our_free(blocks[--count]);
}

static void *free_half(void *argument)
{
    void **blocks = argument;
    for (size_t i = 0; i < 1000; i++)
        our_free(blocks[i]);
    return NULL;
}

static void who_only_frees_looks_at_the_mail(void **state)
{
    static void *blocks[2000];
    pthread_t thread;

    (void)state;
    /* Of other cases, for heaps whose threads have ended. */
    uint64_t before = brkmap_read_totals().waiting_blocks;
    for (size_t i = 0; i < 2000; i++)
        blocks[i] = our_malloc(500);
    assert_int_equal(pthread_create(&thread, NULL, free_half, blocks), 0);
    pthread_join(thread, NULL);
    assert_true(brkmap_read_totals().waiting_blocks >= before + 1000);
    for (size_t i = 1000; i < 2000; i++)
        our_free(blocks[i]);
    assert_true(brkmap_read_totals().waiting_blocks <= before);
}

int run_purge_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_third_of_is_in_use_is_not_purged),
        cmocka_unit_test(the_heap_is_open_while_pages_are_purged),
        cmocka_unit_test(what_is_refused_to_be_purged_is_not_zero),
        cmocka_unit_test(what_is_being_purged_is_not_missing),
        cmocka_unit_test(who_only_frees_looks_at_the_mail),
    };
    return cmocka_run_group_tests_name("purge", tests, NULL, NULL);
}
