/* brkmap's huge blocks: what waits in the pool, how blocks are put together from it, and what
 * happens when the system does not play along. */
#include "brkmap.h"
#include "cases.h"
#include "entry.h"

#include <string.h>

#include "huge.h"
#include "os_fake.h"

#define MIB ((size_t)1 << 20)

static size_t pooled(void)
{
    return brkmap_read_totals().pool_bytes;
}

static unsigned char *make(size_t bytes, unsigned char mark)
{
    unsigned char *block = our_malloc(bytes);
    assert_non_null(block);
    memset(block, mark, bytes);
    return block;
}

static void assert_holds(const unsigned char *block, size_t bytes, unsigned char mark)
{
    for (size_t i = 0; i < bytes; i += 97)
        assert_int_equal(block[i], mark);
    assert_int_equal(block[bytes - 1], mark);
}

/* Until so much may wait though nothing lives. */
static void earn(size_t bytes)
{
    for (int i = 0; i < 8; i++)
        our_free(make(bytes, 1));
    assert_true(pooled() >= bytes);
}

static int begin_with_nothing(void **state)
{
    (void)state;
    our_malloc_trim(0);
    for (int i = 0; i < 40; i++) {
        os_fake_let_pass(1000);
        our_free(our_malloc(MIB)); /* allowance falls by half */
    }
    our_malloc_trim(0);
    os_fake_let_pass(1000);
    assert_int_equal(pooled(), 0);
    return 0;
}

static void what_is_freed_once_goes_back(void **state)
{
    (void)state;
    our_free(make(8 * MIB, 1));
    assert_int_equal(pooled(), 0);
}

static void what_is_wanted_again_waits_for_a_while(void **state)
{
    (void)state;
    earn(8 * MIB);
    unsigned char *first = make(8 * MIB, 1);
    assert_int_equal(pooled(), 0);
    our_free(first);
    assert_ptr_equal(our_malloc(8 * MIB), first);
    our_free(first);
    size_t now = pooled();
    huge_tidy();
    assert_int_equal(pooled(), now);
    /* Nobody wants it for a whole window, though others want other memory. */
    for (int i = 0; i < 2; i++) {
        os_fake_let_pass(300);
        our_free(our_malloc(100000));
    }
    assert_int_equal(pooled(), 0);
}

static void runs_that_touch_are_one(void **state)
{
    (void)state;
    earn(8 * MIB);
    unsigned char *parts[4];
    for (int i = 0; i < 4; i++) {
        parts[i] = make(2 * MIB, (unsigned char)i);
        assert_ptr_equal(parts[i], parts[0] + (size_t)i * 2 * MIB);
    }
    assert_int_equal(pooled(), 0);
    our_free(parts[0]);
    our_free(parts[2]);
    our_free(parts[3]);
    our_free(parts[1]);
    assert_ptr_equal(our_malloc(8 * MIB), parts[0]);
    our_free(parts[0]);
}

static void old_contents_are_cleared_for_calloc(void **state)
{
    (void)state;
    earn(8 * MIB);
    unsigned char *block = our_calloc(8, MIB - 100);
    assert_holds(block, 8 * (MIB - 100), 0);
    our_free(block);
}

static void alignment_is_had_from_the_pool(void **state)
{
    (void)state;
    earn(16 * MIB);
    size_t before = pooled();
    unsigned char *block = our_aligned_alloc(2 * MIB, 4 * MIB);
    assert_int_equal((uintptr_t)block % (2 * MIB), 0);
    assert_int_equal(pooled(), before - 4 * MIB);
    memset(block, 1, 4 * MIB);
    our_free(block);
}

static void growth_takes_the_run_behind(void **state)
{
    (void)state;
    earn(8 * MIB);
    unsigned char *block = make(2 * MIB, 5);
    assert_ptr_equal(our_realloc(block, 7 * MIB), block);
    assert_holds(block, 2 * MIB, 5);
    assert_true(pooled() <= MIB);
    our_free(block);
}

/* Two runs of 2 MiB wait, apart. */
static void scatter(unsigned char *between[3])
{
    unsigned char *gap[2];

    earn(20 * MIB);
    for (int i = 0; i < 2; i++) {
        between[i] = make(2 * MIB, 9);
        gap[i] = make(2 * MIB, 8);
    }
    /* The rest, so that nothing else waits. */
    between[2] = make(pooled(), 9);
    assert_int_equal(pooled(), 0);
    our_free(gap[0]);
    our_free(gap[1]);
    assert_int_equal(pooled(), 4 * MIB);
}

static void unscatter(unsigned char *between[3])
{
    for (int i = 0; i < 3; i++) {
        assert_holds(between[i], MIB, 9);
        our_free(between[i]);
    }
}

static void pages_of_several_runs_make_a_block(void **state)
{
    (void)state;
    unsigned char *between[3];

    scatter(between);
    unsigned char *block = make(4 * MIB, 3);
    assert_int_equal(pooled(), 0);
    unscatter(between);
    assert_holds(block, 4 * MIB, 3);
    /* Of several mappings, which must not matter: made longer, cut, given back. */
    block = our_realloc(block, 100 * MIB);
    assert_holds(block, 4 * MIB, 3);
    memset(block, 4, 100 * MIB);
    block = our_realloc(block, 3 * MIB);
    assert_holds(block, 3 * MIB, 4);
    our_free(block);
}

static void growth_takes_pages_from_the_pool(void **state)
{
    (void)state;
    unsigned char *between[3];

    unsigned char *block = make(3 * MIB, 2);
    scatter(between);
    block = our_realloc(block, 7 * MIB);
    assert_int_equal(pooled(), 0);
    assert_holds(block, 3 * MIB, 2);
    memset(block, 7, 7 * MIB);
    unscatter(between);
    assert_holds(block, 7 * MIB, 7);
    our_free(block);
}

static void pages_that_cannot_be_moved_are_done_without(void **state)
{
    (void)state;
    const enum os_moved results[] = {OS_STAYED, OS_BROKEN};

    for (int i = 0; i < 2; i++) {
        unsigned char *between[3];
        unsigned char *grown = make(3 * MIB, 2);
        scatter(between);
        os_fake_next_move(results[i]);
        unsigned char *block = make(4 * MIB, 3);
        assert_holds(block, 4 * MIB, 3);
        unscatter(between);
        scatter(between);
        os_fake_next_move(results[i]);
        grown = our_realloc(grown, 7 * MIB);
        assert_holds(grown, 3 * MIB, 2);
        memset(grown, 7, 7 * MIB);
        unscatter(between);
        assert_holds(block, 4 * MIB, 3);
        our_free(block);
        our_free(grown);
        os_fake_next_move(OS_MOVED);
    }
}

static void growth_without_memory_changes_nothing(void **state)
{
    (void)state;
    unsigned char *block = make(3 * MIB, 2);

    earn(2 * MIB);
    os_fake_fail(true, true);
    assert_null(our_realloc(block, 50 * MIB));
    assert_null(our_malloc(50 * MIB));
    os_fake_fail(false, false);
    /* What waited was given back, which might have helped. */
    assert_int_equal(pooled(), 0);
    assert_holds(block, 3 * MIB, 2);
    our_free(block);
}

static void shrinking_needs_no_memory(void **state)
{
    enum { HELD_MAX = 20000, BYTES = 100000 };
    static void *held[HELD_MAX];
    size_t count = 0;
    unsigned char *block = make(MIB, 7);

    (void)state;
    os_fake_fail(true, true);
    while (count < HELD_MAX && (held[count] = our_malloc(BYTES)) != NULL)
        count++;
    assert_true(count < HELD_MAX);
    block = our_realloc(block, BYTES);
    assert_non_null(block);
    assert_holds(block, BYTES, 7);
    os_fake_fail(false, false);
    our_free(block);
    while (count > 0)
        our_free(held[--count]);
}

int run_huge_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_is_freed_once_goes_back, begin_with_nothing),
        cmocka_unit_test_setup(what_is_wanted_again_waits_for_a_while, begin_with_nothing),
        cmocka_unit_test_setup(runs_that_touch_are_one, begin_with_nothing),
        cmocka_unit_test_setup(old_contents_are_cleared_for_calloc, begin_with_nothing),
        cmocka_unit_test_setup(alignment_is_had_from_the_pool, begin_with_nothing),
        cmocka_unit_test_setup(growth_takes_the_run_behind, begin_with_nothing),
        cmocka_unit_test_setup(pages_of_several_runs_make_a_block, begin_with_nothing),
        cmocka_unit_test_setup(growth_takes_pages_from_the_pool, begin_with_nothing),
        cmocka_unit_test_setup(pages_that_cannot_be_moved_are_done_without, begin_with_nothing),
        cmocka_unit_test_setup(growth_without_memory_changes_nothing, begin_with_nothing),
        cmocka_unit_test(shrinking_needs_no_memory),
    };
    return cmocka_run_group_tests_name("huge", tests, NULL, NULL);
}
