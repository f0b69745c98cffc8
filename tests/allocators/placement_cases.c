/* Every placement against a model that sees the heap by the walk alone: it lists the free blocks
 * and picks by brute force the one that the policy's definition names. */
#include "cases.h"
#include "entry.h"

#include <string.h>

#include "freelist.h"
#include "heap_walk.h"

/* PLACEMENT is first, next, best or worst, by the Makefile. */
#define TEXT_OF(name) #name
#define TEXT(name)    TEXT_OF(name)

#define MOST_FREE  8192
#define SLOTS      600
#define OPERATIONS 15000

struct free_list {
    size_t count;
    struct heap_block blocks[MOST_FREE];
};

/* Where the model's search of next fit goes on. */
static uintptr_t rover;

static bool collect(void *argument, const struct heap_block *block)
{
    struct free_list *list = argument;

    if (!block->used && list->count < MOST_FREE)
        list->blocks[list->count++] = *block;
    return true;
}

static uintptr_t end_of(const struct heap_block *block)
{
    return (uintptr_t)block->address + block->bytes;
}

/* Whether `a` is to be preferred to `b` by the policy; both fit. */
static bool is_better(const struct heap_block *a, const struct heap_block *b)
{
    bool a_lower = (uintptr_t)a->address < (uintptr_t)b->address;

    if (strcmp(TEXT(PLACEMENT), "best") == 0 && a->bytes != b->bytes)
        return a->bytes < b->bytes;
    if (strcmp(TEXT(PLACEMENT), "worst") == 0 && a->bytes != b->bytes)
        return a->bytes > b->bytes;
    if (strcmp(TEXT(PLACEMENT), "next") == 0) {
        /* The block that the rover stands in or at counts as above it. */
        bool a_above = end_of(a) > rover, b_above = end_of(b) > rover;
        if (a_above != b_above)
            return a_above;
    }
    return a_lower;
}

static const struct heap_block *expected(const struct free_list *list, size_t needed_bytes)
{
    const struct heap_block *chosen = NULL;

    for (size_t i = 0; i < list->count; i++) {
        const struct heap_block *block = &list->blocks[i];
        if (block->bytes >= needed_bytes && (chosen == NULL || is_better(block, chosen)))
            chosen = block;
    }
    return chosen;
}

static size_t needed_for(size_t bytes)
{
    size_t rounded = (bytes + 8 + 15) / 16 * 16;
    return rounded < 32 ? 32 : rounded;
}

static void *allocate_and_compare(size_t bytes)
{
    static struct free_list list;

    list.count = 0;
    assert_int_equal(heapmark_heap_walk(collect, &list), 0);
    assert_true(list.count < MOST_FREE);
    const struct heap_block *chosen = expected(&list, needed_for(bytes));
    char *block = our_malloc(bytes);

    assert_non_null(block);
    /* Blocks are cut from the low end; without one that fits the heap has grown. */
    if (chosen != NULL)
        assert_ptr_equal(block, (const char *)chosen->address + 8);
    rover = (uintptr_t)block + our_malloc_usable_size(block);
    return block;
}

static void run_placements(uint64_t seed, size_t limit_bytes)
{
    static void *blocks[SLOTS];
    uint64_t random = seed;

    for (int operation = 0; operation < OPERATIONS; operation++) {
        void **slot = &blocks[random_next(&random) % SLOTS];
        if (*slot == NULL) {
            *slot = allocate_and_compare(random_bytes(&random, limit_bytes));
        } else {
            our_free(*slot);
            *slot = NULL;
        }
        if (operation % 100 == 0)
            freelist_check(freelist_heap());
    }
    for (size_t i = 0; i < SLOTS; i++) {
        our_free(blocks[i]);
        blocks[i] = NULL;
    }
    freelist_check(freelist_heap());
}

static void every_placement_is_the_policys(void **state)
{
    (void)state;
    run_placements(5, 256);
    run_placements(6, 2048);
    run_placements(7, 64 << 10);
}

/* Hundreds of blocks of one size: the tie goes to the lowest. */
static void ties_go_to_the_lowest_address(void **state)
{
    (void)state;
    enum { PAIRS = 500 };
    static void *holes[PAIRS], *walls[PAIRS], *again[PAIRS];

    for (int i = 0; i < PAIRS; i++) {
        holes[i] = our_malloc(200);
        walls[i] = allocate_and_compare(40);
    }
    for (int i = 0; i < PAIRS; i++)
        our_free(holes[(i * 7) % PAIRS]);
    for (int i = 0; i < PAIRS; i++)
        again[i] = allocate_and_compare(200);
    for (int i = 0; i < PAIRS; i++) {
        our_free(again[i]);
        our_free(walls[i]);
    }
    freelist_check(freelist_heap());
}

int run_placement_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_placement_is_the_policys),
        cmocka_unit_test(ties_go_to_the_lowest_address),
    };
    return cmocka_run_group_tests_name("placement " TEXT(PLACEMENT), tests, NULL, NULL);
}
