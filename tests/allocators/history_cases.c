/* Random histories against a shadow model: who owns which bytes, and what they hold. A block that
 * overlaps another, moves without its contents or is cut short shows as a wrong byte. */
#include "cases.h"
#include "entry.h"

#include <errno.h>
#include <string.h>

#include "os_fake.h"

#define SLOTS      400
#define OPERATIONS 20000

struct shadow {
    unsigned char *block;
    size_t bytes; /* all that may be used, not only what was asked for */
    unsigned char seed;
};

static unsigned char pattern(const struct shadow *shadow, size_t at)
{
    return (unsigned char)(shadow->seed + at * 13 + (at >> 8));
}

static void shadow_fill(struct shadow *shadow, unsigned char *block, unsigned char seed)
{
    *shadow = (struct shadow){.block = block, .seed = seed};
    shadow->bytes = our_malloc_usable_size(block);
    for (size_t at = 0; at < shadow->bytes; at++)
        block[at] = pattern(shadow, at);
}

static void shadow_check(const struct shadow *shadow, const unsigned char *block, size_t bytes)
{
    for (size_t at = 0; at < bytes; at++)
        if (block[at] != pattern(shadow, at))
            fail_msg("byte %zu of %zu at %p is %d, not %d", at, shadow->bytes, (const void *)block,
                     block[at], pattern(shadow, at));
}

static void shadow_release(struct shadow *shadow)
{
    shadow_check(shadow, shadow->block, shadow->bytes);
    our_free(shadow->block);
    shadow->block = NULL;
}

static void shadow_resize(struct shadow *shadow, size_t bytes, unsigned char seed)
{
    size_t same = shadow->bytes < bytes ? shadow->bytes : bytes;
    unsigned char *moved = our_realloc(shadow->block, bytes);

    if (moved == NULL) {
        shadow_check(shadow, shadow->block, shadow->bytes);
        return;
    }
    assert_true(our_malloc_usable_size(moved) >= bytes);
    shadow_check(shadow, moved, same);
    shadow_fill(shadow, moved, seed);
}

static unsigned char *allocate_somehow(uint64_t *random, size_t bytes)
{
    size_t alignment = (size_t)16 << random_next(random) % 9;

    switch (random_next(random) % 8) {
    case 0:
        return our_calloc(1, bytes);
    case 1:
        return our_memalign(alignment, bytes);
    default:
        return our_malloc(bytes);
    }
}

static void run_history(uint64_t seed, size_t limit_bytes, int fail_after)
{
    static struct shadow shadows[SLOTS];
    uint64_t random = seed;

    for (int operation = 0; operation < OPERATIONS; operation++) {
        struct shadow *shadow = &shadows[random_next(&random) % SLOTS];
        size_t bytes = random_bytes(&random, limit_bytes);
        unsigned char mark = (unsigned char)random_next(&random);

        if (fail_after > 0 && operation % fail_after == 0)
            os_fake_fail_after(operation % 3);
        if (shadow->block == NULL) {
            unsigned char *block = allocate_somehow(&random, bytes);
            if (block == NULL) {
                assert_true(fail_after > 0);
                continue;
            }
            assert_true(our_malloc_usable_size(block) >= bytes);
            shadow_fill(shadow, block, mark);
        } else if (mark % 3 == 0) {
            shadow_resize(shadow, bytes + 1, mark);
        } else {
            shadow_release(shadow);
        }
    }
    os_fake_fail_after(-1);
    for (size_t i = 0; i < SLOTS; i++)
        if (shadows[i].block != NULL)
            shadow_release(&shadows[i]);
}

static void small_blocks(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 3; seed++)
        run_history(seed, 4096, 0);
}

static void blocks_about_the_mapping_border(void **state)
{
    (void)state;
    run_history(11, (size_t)512 << 10, 0);
}

static void memory_runs_out_now_and_then(void **state)
{
    (void)state;
    run_history(21, (size_t)256 << 10, 7);
    run_history(22, (size_t)64 << 10, 50);
}

static void others_move_the_break(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) {
        unsigned char *theirs = os_fake_foreign_move(1000 + i * 5000);
        size_t bytes = 1000 + (size_t)i * 5000;
        memset(theirs, 0x5A, bytes);
        run_history(31 + (uint64_t)i, 16384, 0);
        for (size_t at = 0; at < bytes; at++)
            assert_int_equal(theirs[at], 0x5A);
    }
}

int run_history_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_blocks),
        cmocka_unit_test(blocks_about_the_mapping_border),
        cmocka_unit_test(memory_runs_out_now_and_then),
        cmocka_unit_test(others_move_the_break),
    };
    return cmocka_run_group_tests_name("histories", tests, NULL, NULL);
}
