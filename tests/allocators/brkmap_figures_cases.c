/* brkmap's counters: against blocks that are known, against the heap walk, and while threads run.
 */
#define BRKMAP_PROVIDER
#include "brkmap.h"
#include "cases.h"
#include "entry.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "heap_walk.h"
#include "size_class.h"

enum { HEAPS_MAX = 64, CLASSES_MAX = 100 };

static struct brkmap_class class_for(size_t bytes)
{
    struct brkmap_class classes[CLASSES_MAX];
    size_t count = brkmap_read_classes(classes, CLASSES_MAX), i = 0;

    assert_true(count > 0 && count <= CLASSES_MAX);
    while (i < count && classes[i].block_bytes < bytes)
        i++;
    assert_true(i < count);
    return classes[i];
}

static struct brkmap_heap my_heap(void)
{
    struct brkmap_heap heaps[HEAPS_MAX], mine = {0};
    size_t count = brkmap_read_heaps(heaps, HEAPS_MAX), found = 0;

    assert_true(count <= HEAPS_MAX);
    for (size_t i = 0; i < count; i++)
        if (heaps[i].mine) {
            mine = heaps[i];
            found++;
        }
    assert_int_equal(found, 1);
    return mine;
}

static bool add_used(void *argument, const struct heap_block *block)
{
    *(size_t *)argument += block->used ? block->bytes : 0;
    return true;
}

/* What the walk sees in use are live blocks, and the heaps of threads themselves; of a large block
 * it sees whole slices. */
static void assert_walk_agrees(void)
{
    size_t used_bytes = 0;
    struct brkmap_totals totals = brkmap_read_totals();

    assert_int_equal(heapmark_heap_walk(add_used, &used_bytes), 0);
    assert_true(used_bytes >= totals.live_bytes);
    assert_true(used_bytes <= totals.live_bytes + totals.large_blocks * (16 << 10) + (64 << 10));
}

static void counters_follow_blocks(void **state)
{
    const size_t sizes[] = {1, 16, 100, 1000, 20000, 40000, 900000, 5 << 20};

    (void)state;
    our_free(our_malloc(1));
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct brkmap_totals before = brkmap_read_totals();
        struct brkmap_heap mine = my_heap();
        void *block = our_malloc(sizes[i]);
        size_t bytes = our_malloc_usable_size(block);
        bool large = sizes[i] > SMALL_BYTES_MAX, huge = sizes[i] > (256 << 10);
        struct brkmap_totals with = brkmap_read_totals();
        assert_int_equal(with.live_blocks, before.live_blocks + 1);
        assert_int_equal(with.live_bytes, before.live_bytes + bytes);
        assert_int_equal(with.large_bytes, before.large_bytes + large * bytes);
        assert_int_equal(with.huge_blocks, before.huge_blocks + huge);
        assert_int_equal(my_heap().used_blocks, mine.used_blocks + !large);
        assert_int_equal(my_heap().used_bytes, mine.used_bytes + !large * bytes);
        if (!large)
            assert_true(class_for(sizes[i]).used_blocks > 0);
        assert_walk_agrees();
        our_free(block);
        assert_int_equal(brkmap_read_totals().live_bytes, before.live_bytes);
        assert_int_equal(brkmap_read_totals().live_blocks, before.live_blocks);
    }
}

static void what_is_free_is_cached_or_given_back(void **state)
{
    enum { BLOCKS = 20000 };
    static void *blocks[BLOCKS];

    (void)state;
    our_malloc_trim(0);
    for (size_t i = 0; i < BLOCKS; i++)
        memset(blocks[i] = our_malloc(1000), 1, 1000);
    struct brkmap_totals full = brkmap_read_totals();
    assert_true(full.resident_bytes >= full.live_bytes);
    assert_true(full.system_bytes >= full.resident_bytes);
    assert_true(full.live_bytes + full.cached_bytes + full.table_bytes <= full.system_bytes);
    /* Every other one, and all pages stay. */
    for (size_t i = 0; i < BLOCKS; i += 2)
        our_free(blocks[i]);
    struct brkmap_totals half = brkmap_read_totals();
    assert_int_equal(half.live_bytes, full.live_bytes - BLOCKS / 2 * 1024);
    assert_int_equal(half.cached_bytes, full.cached_bytes + BLOCKS / 2 * 1024);
    assert_true(class_for(1000).free_blocks >= BLOCKS / 2);
    assert_walk_agrees();
    for (size_t i = 1; i < BLOCKS; i += 2)
        our_free(blocks[i]);
    our_malloc_trim(0);
    struct brkmap_totals empty = brkmap_read_totals();
    assert_true(empty.purges > half.purges && empty.purged_bytes > half.purged_bytes);
    assert_true(empty.resident_bytes + BLOCKS / 2 * 1024 < full.resident_bytes);
    assert_true(empty.cached_bytes < (1 << 20));
}

static bool add_free(void *argument, const struct heap_block *block)
{
    *(size_t *)argument += block->used ? 0 : block->bytes;
    return true;
}

static void what_waits_in_the_pool_is_free(void **state)
{
    size_t before_bytes = 0, free_bytes = 0;

    (void)state;
    our_malloc_trim(0);
    assert_int_equal(brkmap_read_totals().pool_bytes, 0);
    assert_int_equal(heapmark_heap_walk(add_free, &before_bytes), 0);
    /* What goes up and down stays. */
    for (int i = 0; i < 20; i++) {
        void *block = our_malloc(6 << 20);
        memset(block, 1, 6 << 20);
        our_free(block);
    }
    struct brkmap_totals totals = brkmap_read_totals();
    assert_true(totals.pool_bytes >= (6 << 20));
    assert_true(totals.cached_bytes >= totals.pool_bytes);
    assert_int_equal(heapmark_heap_walk(add_free, &free_bytes), 0);
    assert_int_equal(free_bytes, before_bytes + totals.pool_bytes);
    assert_walk_agrees();
    our_malloc_trim(0);
    assert_int_equal(brkmap_read_totals().pool_bytes, 0);
}

static pthread_barrier_t turn;
static void *others[200];

static void *free_others(void *argument)
{
    void *own = our_malloc(3000);

    for (size_t i = 0; i < 10; i++)
        our_free(others[i]);
    pthread_barrier_wait(&turn);
    pthread_barrier_wait(&turn);
    for (size_t i = 10; i < 100; i++)
        our_free(others[i]);
    pthread_barrier_wait(&turn);
    pthread_barrier_wait(&turn);
    *(void **)argument = own;
    return NULL;
}

static void blocks_that_wait_are_not_live(void **state)
{
    pthread_t thread;
    void *left = NULL;

    (void)state;
    for (size_t i = 0; i < 200; i++)
        others[i] = our_malloc(48);
    struct brkmap_totals before = brkmap_read_totals();
    pthread_barrier_init(&turn, NULL, 2);
    assert_int_equal(pthread_create(&thread, NULL, free_others, &left), 0);
    pthread_barrier_wait(&turn);
    struct brkmap_totals few = brkmap_read_totals();
    /* It has taken one of 3000 bytes, and its boxes are not full. */
    assert_int_equal(few.waiting_blocks, before.waiting_blocks + 10);
    assert_int_equal(few.live_blocks, before.live_blocks + 1 - 10);
    assert_int_equal(my_heap().inbox_blocks, 0);
    assert_walk_agrees();
    pthread_barrier_wait(&turn);
    pthread_barrier_wait(&turn);
    struct brkmap_totals many = brkmap_read_totals();
    assert_int_equal(many.waiting_bytes, before.waiting_bytes + 100 * 48);
    assert_int_equal(many.live_blocks, before.live_blocks + 1 - 100);
    assert_true(my_heap().inbox_blocks > 0);
    assert_int_equal(my_heap().used_blocks >= 200, true);
    assert_walk_agrees();
    size_t orphans = many.orphans;
    pthread_barrier_wait(&turn);
    pthread_join(thread, NULL);
    /* Its last ones are sent, and its heap is nobody's; a block of it lives on. */
    assert_int_equal(brkmap_read_totals().orphans, orphans + 1);
    assert_int_equal(my_heap().inbox_blocks, 100);
    assert_int_equal(brkmap_read_totals().live_blocks, many.live_blocks);
    assert_walk_agrees();
    our_free(left);
    for (size_t i = 100; i < 200; i++)
        our_free(others[i]);
    pthread_barrier_destroy(&turn);
}

static _Atomic bool stop;
static _Atomic(void *) handed;

/* Half of what it frees is the other one's. */
static void *churn(void *argument)
{
    uint64_t random = (uintptr_t)argument;
    void *held[64] = {0};

    while (!stop) {
        void **at = &held[random_next(&random) % 64];
        our_free(*at);
        size_t bytes = random_bytes(&random, 1 << 16) + 16;
        *at = our_malloc(bytes);
        memset(*at, 0xff, 16);
        *at = atomic_exchange(&handed, *at);
    }
    for (size_t i = 0; i < 64; i++)
        our_free(held[i]);
    return NULL;
}

static void asking_while_threads_run(void **state)
{
    pthread_t threads[3];
    struct brkmap_heap heaps[2];

    (void)state;
    for (uintptr_t i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, churn, (void *)(i + 1)), 0);
    for (int i = 0; i < 300; i++) {
        struct brkmap_totals totals = brkmap_read_totals();
        assert_true(totals.live_bytes <= totals.system_bytes);
        assert_true(totals.heaps >= totals.orphans);
        /* There is room for fewer than there are. */
        assert_true(brkmap_read_heaps(heaps, 2) >= 2);
        assert_true(heaps[1].used_blocks * 16 <= heaps[1].span_bytes);
    }
    stop = true;
    for (size_t i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    our_free(handed);
    assert_walk_agrees();
}

static void the_c_library_s_words(void **state)
{
    char *text = NULL;
    size_t length = 0;
    void *small = our_malloc(500), *huge = our_malloc(3 << 20);

    (void)state;
    struct mallinfo2 info = our_mallinfo2();
    struct brkmap_totals totals = brkmap_read_totals();
    assert_int_equal(info.uordblks + info.hblkhd, totals.live_bytes);
    assert_int_equal(info.uordblks + info.fordblks, info.arena);
    assert_int_equal(info.hblks, totals.huge_blocks);
    assert_int_equal(our_mallinfo().uordblks, (int)info.uordblks);
    FILE *stream = open_memstream(&text, &length);
    assert_int_equal(our_malloc_info(1, stream), -1);
    assert_int_equal(errno, EINVAL);
    assert_int_equal(our_malloc_info(0, stream), 0);
    fclose(stream);
    assert_non_null(strstr(text, "<malloc version=\"1\">\n<sizes>\n"));
    assert_non_null(strstr(text, "<total type=\"mmap\" count=\""));
    assert_non_null(strstr(text, "\"/>\n</malloc>\n"));
    free(text);
    assert_int_equal(our_mallopt(M_MMAP_THRESHOLD, 1 << 20), 1);
    our_free(small);
    our_free(huge);
}

int run_brkmap_figures_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counters_follow_blocks),
        cmocka_unit_test(what_is_free_is_cached_or_given_back),
        cmocka_unit_test(what_waits_in_the_pool_is_free),
        cmocka_unit_test(blocks_that_wait_are_not_live),
        cmocka_unit_test(asking_while_threads_run),
        cmocka_unit_test(the_c_library_s_words),
    };
    return cmocka_run_group_tests_name("brkmap's counters", tests, NULL, NULL);
}
