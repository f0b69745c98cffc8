/* brkmap's own promises: where memory comes from and when it goes back, what threads leave. */
#include "cases.h"
#include "entry.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "brkmap.h"
#include "heap.h"
#include "heap_walk.h"
#include "os_fake.h"
#include "region.h"
#include "size_class.h"
#include "thread_heap.h"

static void size_classes_cover_all_sizes(void **state)
{
    (void)state;
    for (size_t bytes = 1; bytes <= SMALL_BYTES_MAX; bytes++) {
        unsigned size_class = size_class_of(bytes);
        assert_true(size_class < SIZE_CLASSES);
        assert_true(size_class_bytes(size_class) >= bytes);
        assert_true(size_class == 0 || size_class_bytes(size_class - 1) < bytes);
        assert_int_equal(size_class_bytes(size_class) % 16, 0);
        /* At most an eighth is lost, above the smallest. */
        assert_true(bytes <= 128 || size_class_bytes(size_class) - bytes <= bytes / 8);
        if (bytes <= DIRECT_BYTES_MAX)
            assert_int_equal(size_class_of(size_class_direct(bytes) * 16), size_class);
    }
    for (unsigned i = 0; i < SIZE_CLASSES; i++) {
        unsigned slices = 0;
        for (int spans = 0; spans < 8; spans++) {
            unsigned next = size_class_slices(i, slices);
            size_t capacity = next * SLICE_BYTES / size_class_bytes(i);
            assert_true(next >= slices && capacity >= SPAN_BLOCKS_LEAST && capacity <= UINT16_MAX);
            slices = next;
        }
        assert_int_equal(slices, size_class_slices_most(i));
        assert_true(slices * SLICE_BYTES / size_class_bytes(i) >= 4);
    }
}

/* For every class: the beginnings of carved blocks, and no other address, near or far. */
static void beginnings_are_told_from_all_else(void **state)
{
    static const int64_t far[] = {0, 4 << 20, -(4 << 20), INT64_C(1) << 46, -(INT64_C(1) << 46)};
    uint64_t random = 1;

    (void)state;
    for (unsigned i = 0; i < SIZE_CLASSES; i++) {
        size_t bytes = size_class_bytes(i), carved = 256 * 1024 / bytes - 1;
        struct span span = {.start = (char *)(INT64_C(1) << 45), .size_class = (uint8_t)i};
        span.reciprocal = span_reciprocal((uint32_t)bytes);
        span.limit = carved * (span.reciprocal * bytes);
        assert_int_equal(span_carved(&span), carved);
        for (size_t at = 0; at < 300 * 1024; at += 16) {
            assert_false(span_has_block(&span, span.start + at + 1 + at % 15));
            for (size_t j = 0; j < sizeof far / sizeof *far; j++)
                if (span_has_block(&span, (void *)((intptr_t)span.start + far[j] + (intptr_t)at)) !=
                    (far[j] == 0 && at % bytes == 0 && at / bytes < carved))
                    fail_msg("class %u, %zu bytes from the start or far from it", i, at);
        }
        for (int j = 0; j < 20000; j++) {
            random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
            uint64_t address = random >> 17;
            if (address >> 19 != (uintptr_t)span.start >> 19)
                assert_false(span_has_block(&span, (void *)address));
        }
    }
}

/* Fills blocks of many sizes, so that a loss of contents shows when they are freed. */
static void make_and_drop(size_t bytes, size_t count)
{
    unsigned char **blocks = malloc(count * sizeof(*blocks));

    for (size_t i = 0; i < count; i++) {
        blocks[i] = our_malloc(bytes);
        assert_non_null(blocks[i]);
        memset(blocks[i], (int)i, bytes);
    }
    for (size_t i = 0; i < count; i++) {
        for (size_t at = 0; at < bytes; at += 509)
            assert_int_equal(blocks[i][at], (unsigned char)i);
        our_free(blocks[i]);
    }
    free(blocks);
}

static void a_drop_gives_memory_back(void **state)
{
    (void)state;
    for (size_t bytes = 16; bytes <= (512 << 10); bytes *= 4) {
        make_and_drop(bytes, (32 << 20) / bytes);
        assert_true(region_figures().dirty_free_bytes < (8 << 20));
        os_fake_let_pass(1000);
    }
    /* Trimmed, nothing free is resident. */
    our_malloc_trim(0);
    assert_int_equal(region_figures().dirty_free_bytes, 0);
}

static void what_goes_up_and_down_is_kept(void **state)
{
    (void)state;
    /* Each drop purges less than the one before, until none does. */
    for (int i = 0; i < 12; i++)
        make_and_drop(40000, 400);
    assert_true(region_figures().dirty_free_bytes >= 300 * (size_t)40000);
    os_fake_let_pass(1000);
    for (int i = 0; i < 20; i++) {
        os_fake_let_pass(1000);
        make_and_drop(16 << 10, 600);
    }
    /* And goes by and by, in a program that frees something now and then. */
    for (int i = 0; i < 12; i++)
        make_and_drop(40000, 400);
    assert_true(region_figures().dirty_free_bytes >= 300 * (size_t)40000);
    for (int i = 0; i < 20; i++) {
        os_fake_let_pass(1000);
        our_free(our_malloc(40000));
    }
    assert_true(region_figures().dirty_free_bytes < (2 << 20));
    our_malloc_trim(0);
}

/* The heap itself keeps small blocks' spans that are emptied and wanted again, for a moment. */
static void emptied_spans_are_held(void **state)
{
    enum { BYTES = 64, COUNT = 6000 };

    (void)state;
    our_malloc_trim(0);
    os_fake_let_pass(1000);
    for (int i = 0; i < 3; i++)
        make_and_drop(BYTES, COUNT);
    size_t dirty_bytes = region_figures().dirty_free_bytes;
    size_t reused_bytes = region_figures().reused_bytes;
    make_and_drop(BYTES, COUNT);
    assert_int_equal(region_figures().reused_bytes, reused_bytes);
    /* Another moment, and most of them are the region's. */
    for (int i = 0; i < 20; i++) {
        os_fake_let_pass(1000);
        make_and_drop(4096, SLICE_BYTES / 4096 + 1);
    }
    assert_true(region_figures().dirty_free_bytes >= dirty_bytes + (size_t)BYTES * COUNT / 2);
    make_and_drop(BYTES, COUNT);
    our_malloc_trim(0);
    assert_int_equal(region_figures().dirty_free_bytes, 0);
}

static void *allocate_a_little(void *argument)
{
    void *blocks[100];

    for (size_t i = 0; i < 100; i++)
        blocks[i] = our_malloc(i * 16);
    for (size_t i = 0; i < 100; i++)
        if (i != 50)
            our_free(blocks[i]);
    *(void **)argument = blocks[50];
    return NULL;
}

static void short_threads_use_the_same_heaps(void **state)
{
    (void)state;
    size_t system_bytes = 0;

    for (int i = 0; i < 500; i++) {
        pthread_t thread;
        void *left;
        assert_int_equal(pthread_create(&thread, NULL, allocate_a_little, &left), 0);
        pthread_join(thread, NULL);
        our_free(left);
        if (i == 10)
            system_bytes = region_figures().system_bytes;
    }
    assert_true(brkmap_read_totals().heaps <= 4);
    assert_true(region_figures().system_bytes <= system_bytes + CHUNK_BYTES);
}

static void without_a_break_chunks_are_mapped(void **state)
{
    (void)state;
    size_t before = region_figures().system_bytes;

    os_fake_fail(true, false);
    make_and_drop(1000, 60000);
    assert_true(region_figures().system_bytes > before);
    os_fake_fail(false, false);
    /* Another user of the break: what follows does not join. */
    os_fake_foreign_move(12345);
    make_and_drop(1000, 60000);
    make_and_drop(100, 600000);
}

static void no_memory_at_all_is_survived(void **state)
{
    (void)state;
    static unsigned char *blocks[200000];
    size_t count = 0;

    os_fake_fail(true, true);
    while (count < 200000 && (blocks[count] = our_malloc(5000)) != NULL)
        blocks[count++][0] = 7;
    void *none = our_malloc(100000000);
    os_fake_fail(false, false);
    assert_true(count < 200000);
    assert_null(none);
    void *again = our_malloc(5000);
    assert_non_null(again);
    our_free(again);
    while (count > 0)
        our_free(blocks[--count]);
}

static void large_blocks_grow_in_place(void **state)
{
    (void)state;
    char *block = our_malloc(40000);
    memset(block, 1, 40000);
    /* At the end of what is used nothing stands in its way for long. */
    size_t moves = 0;
    for (size_t bytes = 50000; bytes <= 900000; bytes += 10000) {
        char *grown = our_realloc(block, bytes);
        assert_non_null(grown);
        moves += grown != block;
        block = grown;
        memset(block, 1, bytes);
    }
    assert_true(moves < 25);
    block = our_realloc(block, 40000);
    for (size_t i = 0; i < 40000; i++)
        assert_int_equal(block[i], 1);
    our_free(block);
}

struct seen {
    size_t used_bytes, free_bytes;
    const void *wanted;
    bool found;
};

static bool see(void *argument, const struct heap_block *block)
{
    struct seen *seen = argument;

    if (block->used)
        seen->used_bytes += block->bytes;
    else
        seen->free_bytes += block->bytes;
    seen->found |= block->used && block->address == seen->wanted;
    return true;
}

static void the_walk_sees_every_block(void **state)
{
    (void)state;
    const size_t sizes[] = {16, 1000, 20000, 300000, 5 << 20};

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        void *block = our_malloc(sizes[i]);
        struct seen before = {.wanted = block}, after = {.wanted = block};
        assert_int_equal(heapmark_heap_walk(see, &before), 0);
        assert_true(before.found);
        our_free(block);
        assert_int_equal(heapmark_heap_walk(see, &after), 0);
        assert_false(after.found);
        assert_true(after.used_bytes + sizes[i] <= before.used_bytes);
    }
}

/* Where a free block has its mark. A program that copies what it has not written must not be able
 * to put a mark back in its place. */
static void new_blocks_show_no_mark(void **state)
{
    enum { BLOCKS = 64, WORDS = 2 };
    uintptr_t *block[BLOCKS] = {NULL};
    unsigned seed = 7;
    (void)state;

    for (int i = 0; i < 20000; i++) {
        int at = rand_r(&seed) % BLOCKS;
        our_free(block[at]);
        size_t bytes = WORDS * sizeof(uintptr_t) + ((size_t)1 << rand_r(&seed) % 21);
        block[at] = our_malloc(bytes);
        assert_int_equal(block[at][1], 0);
        memset(block[at], 0xee, bytes);
    }
    for (int i = 0; i < BLOCKS; i++)
        our_free(block[i]);
}

int run_brkmap_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(size_classes_cover_all_sizes),
        cmocka_unit_test(beginnings_are_told_from_all_else),
        cmocka_unit_test(a_drop_gives_memory_back),
        cmocka_unit_test(what_goes_up_and_down_is_kept),
        cmocka_unit_test(emptied_spans_are_held),
        cmocka_unit_test(short_threads_use_the_same_heaps),
        cmocka_unit_test(without_a_break_chunks_are_mapped),
        cmocka_unit_test(no_memory_at_all_is_survived),
        cmocka_unit_test(large_blocks_grow_in_place),
        cmocka_unit_test(the_walk_sees_every_block),
        cmocka_unit_test(new_blocks_show_no_mark),
    };
    return cmocka_run_group_tests_name("brkmap", tests, NULL, NULL);
}
