/* brkmap where pages are longer than its slices, as on some aarch64 systems. */
#include "cases.h"
#include "entry.h"

#include <string.h>

#include "os_fake.h"

enum { BLOCKS = 40000, BYTES = 64 };

static bool holds(const unsigned char *block, unsigned char value)
{
    for (size_t i = 0; i < BYTES; i++)
        if (block[i] != value)
            return false;
    return true;
}

/* Spans of one slice come and go beside others of the same page. */
static void what_is_in_use_is_not_purged(void **state)
{
    static unsigned char *blocks[BLOCKS];

    (void)state;
    for (size_t i = 0; i < BLOCKS; i++)
        memset(blocks[i] = our_malloc(BYTES), (int)(i / 256), BYTES);
    for (size_t round = 2; round < 6; round++) {
        for (size_t i = 0; i < BLOCKS; i++)
            if (i / 256 % round == 1) {
                assert_true(holds(blocks[i], (unsigned char)(i / 256)));
                our_free(blocks[i]);
                blocks[i] = NULL;
            }
        our_malloc_trim(0);
        for (size_t i = 0; i < BLOCKS; i++) {
            if (blocks[i] == NULL) {
                assert_true(holds(blocks[i] = our_calloc(BYTES / 8, 8), 0));
                memset(blocks[i], (int)(i / 256), BYTES);
            }
            assert_true(holds(blocks[i], (unsigned char)(i / 256)));
        }
    }
    for (size_t i = 0; i < BLOCKS; i++)
        our_free(blocks[i]);
    our_malloc_trim(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_in_use_is_not_purged),
    };
    os_fake_long_pages((size_t)64 << 10);
    int failed = cmocka_run_group_tests_name("long pages", tests, NULL, NULL);
    return failed + run_history_tests() != 0;
}
