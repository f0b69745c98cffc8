/* What only bump promises. */
#include "cases.h"
#include "entry.h"

#include <string.h>

#include "os_fake.h"

static void blocks_stand_in_a_row(void **state)
{
    (void)state;
    char *one = our_malloc(20), *two = our_malloc(100), *three = our_malloc(1);

    /* 8 bytes of header, rounded up to 16 */
    assert_ptr_equal(two, one + 32);
    assert_ptr_equal(three, two + 112);
    our_free(two);
    assert_ptr_not_equal(our_malloc(100), two);
}

static void the_last_block_grows_in_place(void **state)
{
    (void)state;
    char *block = our_malloc(10);

    for (size_t bytes = 20; bytes < (size_t)3 << 20; bytes += bytes / 2)
        assert_ptr_equal(our_realloc(block, bytes), block);
    our_malloc(1);
    assert_ptr_not_equal(our_realloc(block, (size_t)4 << 20), block);
}

static void dirt_of_others_is_not_handed_out_by_calloc(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        unsigned char *theirs = os_fake_foreign_move(3000);
        memset(theirs, 0xEE, 3000);
        os_fake_foreign_move(-2000);
        unsigned char *cleared = our_calloc(1, 100000);
        for (size_t at = 0; at < 100000; at++)
            assert_int_equal(cleared[at], 0);
    }
}

static void lower_the_break_and_allocate(void)
{
    os_fake_foreign_move(-(ptrdiff_t)65536);
    for (int i = 0; i < 100; i++)
        our_malloc(60000);
}

static void a_lowered_break_is_noticed(void **state)
{
    (void)state;
    our_malloc(100000);
    assert_aborts(lower_the_break_and_allocate, "below the heap's top");
}

int run_bump_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_stand_in_a_row),
        cmocka_unit_test(the_last_block_grows_in_place),
        cmocka_unit_test(dirt_of_others_is_not_handed_out_by_calloc),
        cmocka_unit_test(a_lowered_break_is_noticed),
    };
    return cmocka_run_group_tests_name("bump", tests, NULL, NULL);
}
