/* The free-list heap itself: coalescing, the top, mappings, the walk, others at the break, damage.
 */
#include "cases.h"
#include "entry.h"

#include <string.h>

#include "freelist.h"
#include "heap_walk.h"
#include "os.h"
#include "os_fake.h"

#define KIB ((size_t)1024)

struct totals {
    size_t blocks, used_blocks, free_blocks, free_bytes, bytes;
    bool neighbours_free;
    bool last_was_free;
    uintptr_t last_end;
};

static bool add(void *argument, const struct heap_block *block)
{
    struct totals *totals = argument;
    bool adjoins = (uintptr_t)block->address == totals->last_end;

    totals->blocks++;
    totals->bytes += block->bytes;
    totals->used_blocks += block->used;
    totals->free_blocks += !block->used;
    totals->free_bytes += block->used ? 0 : block->bytes;
    totals->neighbours_free |= adjoins && totals->last_was_free && !block->used;
    totals->last_was_free = !block->used;
    totals->last_end = (uintptr_t)block->address + block->bytes;
    return true;
}

static struct totals walk(void)
{
    struct totals totals = {0};

    assert_int_equal(heapmark_heap_walk(add, &totals), 0);
    freelist_check(freelist_heap());
    return totals;
}

static void neighbours_join(void **state)
{
    (void)state;
    enum { BLOCKS = 64 };
    void *blocks[BLOCKS];
    uint64_t random = 17;

    size_t used_before = walk().used_blocks;
    for (int i = 0; i < BLOCKS; i++)
        blocks[i] = our_malloc(100 + (size_t)i);
    for (int left = BLOCKS; left > 0; left--) {
        size_t at = random_next(&random) % (size_t)left;
        our_free(blocks[at]);
        blocks[at] = blocks[left - 1];
        assert_false(walk().neighbours_free);
    }
    assert_int_equal(walk().used_blocks, used_before);
}

static void the_walk_and_mallinfo2_agree(void **state)
{
    (void)state;
    void *blocks[] = {our_malloc(10), our_malloc(3000), our_malloc(200 * KIB),
                      our_memalign(4096, 1000)};
    our_free(blocks[1]);
    struct totals totals = walk();
    struct mallinfo2 info = our_mallinfo2();

    assert_int_equal(totals.free_blocks, info.ordblks);
    assert_int_equal(totals.free_bytes, info.fordblks);
    assert_int_equal(info.hblks, 1);
    /* All but the regions' headers and end markers. */
    assert_in_range(totals.bytes, info.arena + info.hblkhd - 4096, info.arena + info.hblkhd);
    our_free(blocks[0]);
    our_free(blocks[2]);
    our_free(blocks[3]);
}

static bool stop_at_once(void *argument, const struct heap_block *block)
{
    (void)block;
    ++*(int *)argument;
    return false;
}

static void a_visitor_can_end_the_walk(void **state)
{
    (void)state;
    int visits = 0;
    void *block = our_malloc(1);

    assert_int_equal(heapmark_heap_walk(stop_at_once, &visits), -1);
    assert_int_equal(visits, 1);
    our_free(block);
}

static void the_top_goes_back_to_the_system(void **state)
{
    (void)state;
    enum { BLOCKS = 200 };
    void *blocks[BLOCKS];

    our_malloc_trim(0);
    char *before = os_break_now();
    for (int i = 0; i < BLOCKS; i++)
        blocks[i] = our_malloc(50 * KIB);
    assert_true((char *)os_break_now() >= before + BLOCKS * 50 * KIB);
    for (int i = 0; i < BLOCKS; i++)
        our_free(blocks[i]);
    /* The pad stays, and less than is worth a call. */
    assert_true((char *)os_break_now() <= before + 256 * KIB);
    assert_int_equal(our_malloc_trim(0), 1);
    assert_true((char *)os_break_now() <= before + 4 * KIB);
    assert_int_equal(our_malloc_trim(0), 0);
    walk();
}

static void large_blocks_are_mapped_and_given_back(void **state)
{
    (void)state;
    char *top = os_break_now();
    size_t mapped_before = our_mallinfo2().hblks;
    char *large = our_malloc(128 * KIB);

    assert_int_equal(our_mallinfo2().hblks, mapped_before + 1);
    assert_ptr_equal(os_break_now(), top);
    large = our_realloc(large, 10 * KIB * KIB);
    assert_true(our_mallinfo2().hblkhd >= 10 * KIB * KIB);
    large[10 * KIB * KIB - 1] = 1;
    large = our_realloc(large, 100);
    assert_int_equal(our_mallinfo2().hblks, mapped_before);
    our_free(large);
    char *below = our_malloc(128 * KIB - 1);
    assert_int_equal(our_mallinfo2().hblks, mapped_before);
    below = our_realloc(below, 300 * KIB);
    assert_int_equal(our_mallinfo2().hblks, mapped_before + 1);
    our_free(below);
    assert_int_equal(our_mallinfo2().hblks, mapped_before);
}

static void realloc_grows_into_a_free_neighbour(void **state)
{
    (void)state;
    /* In a hole just made at the top no policy can have a choice but the walk's. */
    our_malloc_trim(0);
    char *block = our_malloc(90 * KIB), *next = our_malloc(20 * KIB), *wall = our_malloc(64);

    if (next == block + 90 * KIB + 16 && wall > next) {
        our_free(next);
        assert_ptr_equal(our_realloc(block, 100 * KIB), block);
        assert_ptr_equal(our_realloc(block, 50 * KIB), block);
        next = NULL;
    }
    assert_false(walk().neighbours_free);
    our_free(next);
    our_free(wall);
    our_free(block);
}

static void realloc_grows_at_the_top(void **state)
{
    (void)state;
    void *fill[64];
    int filled = 0;
    char *block = our_malloc(60 * KIB);

    /* Up to the top: the block that ends the heap has nothing but the break behind it. */
    while (filled < 63 && our_mallinfo2().keepcost != 0) {
        size_t top_bytes = our_mallinfo2().keepcost;
        fill[filled++] = our_malloc(top_bytes > 100 * KIB ? 90 * KIB : top_bytes - 8);
    }
    fill[filled++] = our_malloc(60 * KIB);
    char *last = fill[filled - 1];
    if (last + our_malloc_usable_size(last) + our_mallinfo2().keepcost ==
        (char *)os_break_now() - 8)
        assert_ptr_equal(our_realloc(last, 125 * KIB), last);
    walk();
    while (filled > 0)
        our_free(fill[--filled]);
    our_free(block);
}

static void others_at_the_break_keep_their_memory(void **state)
{
    (void)state;
    enum { BLOCKS = 100 };
    void *blocks[BLOCKS];
    char *theirs = NULL;

    for (int i = 0; i < BLOCKS; i++) {
        blocks[i] = our_malloc(20 * KIB);
        memset(blocks[i], i, 20 * KIB);
        if (i == BLOCKS / 2) {
            theirs = os_fake_foreign_move(5001);
            memset(theirs, 0x77, 5001);
        }
    }
    for (int i = 0; i < BLOCKS; i++) {
        assert_int_equal(*(unsigned char *)blocks[i], i);
        our_free(blocks[i]);
    }
    our_malloc_trim(0);
    assert_true((char *)os_break_now() >= theirs + 5001);
    for (int i = 0; i < 5001; i++)
        assert_int_equal(theirs[i], 0x77);
    walk();
}

/* Theirs on top of ours: the heap must not be shrunk under it. */
static void the_break_of_others_is_not_lowered(void **state)
{
    (void)state;
    void *block = our_malloc(120 * KIB);
    char *theirs = os_fake_foreign_move(4096);

    our_free(block);
    assert_int_equal(our_malloc_trim(0), 0);
    assert_ptr_equal(os_break_now(), theirs + 4096);
    memset(theirs, 1, 4096);
    walk();
}

static void break_and_mappings_stand_in_for_each_other(void **state)
{
    (void)state;
    enum { BLOCKS = 40 };
    void *blocks[BLOCKS];

    our_malloc_trim(0);
    os_fake_fail(true, false);
    for (int i = 0; i < BLOCKS; i++)
        assert_non_null(blocks[i] = our_malloc(60 * KIB));
    assert_true(our_mallinfo2().hblks > 0);
    os_fake_fail(false, true);
    void *large = our_malloc(2 * KIB * KIB);
    assert_non_null(large);
    os_fake_fail(false, false);
    walk();
    our_free(large);
    for (int i = 0; i < BLOCKS; i++)
        our_free(blocks[i]);
    assert_int_equal(our_mallinfo2().hblks, 0);
}

/* A heap that outgrows the first tables of its index, and its next ones. */
static void a_large_heap(void **state)
{
    (void)state;
    enum { BLOCKS = 1500 };
    static char *blocks[BLOCKS];

    for (size_t i = 0; i < BLOCKS; i++) {
        blocks[i] = our_malloc(100 * KIB);
        assert_non_null(blocks[i]);
        blocks[i][0] = (char)i;
    }
    for (size_t i = 0; i < BLOCKS; i += 2)
        our_free(blocks[i]);
    assert_false(walk().neighbours_free);
    for (size_t i = 1; i < BLOCKS; i += 2) {
        assert_int_equal(blocks[i][0], (char)i);
        our_free(blocks[i]);
    }
    walk();
}

static char *victim, *neighbour;

static void free_twice(void)
{
    our_free(victim);
    our_free(victim);
}

static void free_twice_after_joining(void)
{
    our_free(victim);
    our_free(neighbour);
    our_free(neighbour);
}

static void free_the_middle(void)
{
    memset(victim, 0, 100);
    our_free(victim + 16);
}

static void free_odd(void)
{
    our_free(victim + 1);
}

static void free_after_overrun(void)
{
    memset(victim, 0x41, our_malloc_usable_size(victim) + 1);
    our_free(victim);
}

static void free_before_overrun_block(void)
{
    our_free(neighbour);
    memset(victim, 0x42, our_malloc_usable_size(victim) + 8);
    our_free(victim);
}

static bool allocate_while_visiting(void *argument, const struct heap_block *block)
{
    (void)argument;
    (void)block;
    return our_malloc(1) != NULL;
}

static void allocate_in_a_walk(void)
{
    heapmark_heap_walk(allocate_while_visiting, NULL);
}

/* With all large blocks used up, so that the next thing the heap does is to grow. */
static void lower_the_break_and_allocate(void)
{
    os_fake_fail(true, true);
    while (our_malloc(60 * KIB) != NULL)
        continue;
    os_fake_fail(false, false);
    os_fake_foreign_move(-(ptrdiff_t)(16 * KIB));
    our_malloc(60 * KIB);
}

static void damage_ends_in_one_line(void **state)
{
    (void)state;
    void *row[8];

    for (int i = 0; i < 8; i++)
        row[i] = our_malloc(100);
    for (int i = 0; i + 2 < 8; i++)
        if ((char *)row[i] + 112 == row[i + 1] && (char *)row[i] + 224 == row[i + 2])
            victim = row[i], neighbour = row[i + 1];
    if (victim != NULL) {
        assert_aborts(free_twice, "is free already");
        assert_aborts(free_twice_after_joining, "is free already");
        assert_aborts(free_the_middle, "free already");
        assert_aborts(free_odd, "never returned");
        assert_aborts(free_after_overrun, "overwritten");
        assert_aborts(free_before_overrun_block, "overwritten");
    }
    assert_non_null(victim);
    assert_aborts(allocate_in_a_walk, "inside malloc");
    for (int i = 0; i < 8; i++)
        our_free(row[i]);
    assert_aborts(lower_the_break_and_allocate, "below the heap's top");
}

int run_heap_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(neighbours_join),
        cmocka_unit_test(the_walk_and_mallinfo2_agree),
        cmocka_unit_test(a_visitor_can_end_the_walk),
        cmocka_unit_test(the_top_goes_back_to_the_system),
        cmocka_unit_test(large_blocks_are_mapped_and_given_back),
        cmocka_unit_test(realloc_grows_into_a_free_neighbour),
        cmocka_unit_test(realloc_grows_at_the_top),
        cmocka_unit_test(others_at_the_break_keep_their_memory),
        cmocka_unit_test(the_break_of_others_is_not_lowered),
        cmocka_unit_test(break_and_mappings_stand_in_for_each_other),
        cmocka_unit_test(a_large_heap),
        cmocka_unit_test(damage_ends_in_one_line),
    };
    return cmocka_run_group_tests_name("heap", tests, NULL, NULL);
}
