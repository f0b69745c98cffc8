/* The contract of every entry point, for any core. */
#include "cases.h"
#include "entry.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "os_fake.h"

#define TOO_LARGE ((size_t)PTRDIFF_MAX + 1)
#define UNTOUCHED 77 /* an errno that no call gives */

/* Hidden from the compiler, which knows that the real functions would fail. */
static size_t opaque(size_t bytes)
{
    __asm__ volatile("" : "+r"(bytes));
    return bytes;
}

static void assert_enomem(void *payload)
{
    assert_null(payload);
    assert_int_equal(errno, ENOMEM);
    errno = 0;
}

static void assert_einval(void *payload)
{
    assert_null(payload);
    assert_int_equal(errno, EINVAL);
    errno = 0;
}

static void assert_usable(void *payload, size_t alignment, size_t bytes)
{
    assert_non_null(payload);
    assert_int_equal((uintptr_t)payload % alignment, 0);
    assert_true(our_malloc_usable_size(payload) >= bytes);
    memset(payload, 0xA5, our_malloc_usable_size(payload));
}

static void malloc_gives_distinct_aligned_blocks(void **state)
{
    (void)state;
    void *blocks[200];

    for (size_t i = 0; i < 200; i++) {
        blocks[i] = our_malloc(i);
        assert_usable(blocks[i], 16, i);
        for (size_t j = 0; j < i; j++)
            assert_ptr_not_equal(blocks[i], blocks[j]);
    }
    for (size_t i = 0; i < 200; i++)
        our_free(blocks[i]);
    our_free(NULL);
    assert_int_equal(our_malloc_usable_size(NULL), 0);
}

static void too_large_is_enomem_everywhere(void **state)
{
    (void)state;
    /* The last two are legal requests that nobody can meet, and whose low bits look small. */
    const size_t sizes[] = {TOO_LARGE,           SIZE_MAX,        SIZE_MAX - 4096,
                            (size_t)PTRDIFF_MAX, (size_t)1 << 60, ((size_t)1 << 52) + 100};
    void *holes[40];
    void *kept = our_malloc(10);
    void *out = &kept;

    /* Free blocks of many sizes, for a search gone wrong to find. */
    for (size_t i = 0; i < 40; i++)
        holes[i] = our_malloc(40 + i * 70);
    for (size_t i = 0; i < 40; i += 2)
        our_free(holes[i]);
    memcpy(kept, "contents", 9);
    errno = 0;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        size_t bytes = opaque(sizes[i]);
        assert_enomem(our_malloc(bytes));
        assert_enomem(our_calloc(1, bytes));
        assert_enomem(our_realloc(NULL, bytes));
        assert_enomem(our_realloc(kept, bytes));
        assert_enomem(our_reallocarray(kept, 1, bytes));
        assert_enomem(our_aligned_alloc(64, bytes));
        assert_enomem(our_memalign(4096, bytes));
        assert_enomem(our_valloc(bytes));
        assert_enomem(our_pvalloc(bytes));
        errno = 0;
        assert_int_equal(our_posix_memalign(&out, 64, bytes), ENOMEM);
        assert_int_equal(errno, ENOMEM);
        assert_ptr_equal(out, &kept);
    }
    assert_enomem(our_calloc(opaque(SIZE_MAX / 2), 3));
    assert_enomem(our_reallocarray(kept, opaque(SIZE_MAX / 2), 3));
    assert_enomem(our_aligned_alloc((size_t)1 << 62, opaque((size_t)1 << 62)));
    assert_string_equal(kept, "contents");
    for (size_t i = 1; i < 40; i += 2)
        our_free(holes[i]);
    our_free(kept);
}

static void alignments_are_honoured(void **state)
{
    (void)state;

    for (size_t alignment = 1; alignment <= (size_t)4 << 20; alignment *= 2) {
        void *out = NULL;
        void *blocks[] = {our_aligned_alloc(alignment, 100), our_memalign(alignment, 1),
                          our_memalign(alignment, 200000)};
        for (size_t i = 0; i < 3; i++)
            assert_usable(blocks[i], alignment, 1);
        if (alignment >= sizeof(void *)) {
            assert_int_equal(our_posix_memalign(&out, alignment, 70), 0);
            assert_usable(out, alignment, 70);
            out = our_realloc(out, 300);
            assert_usable(out, 16, 300);
        }
        our_free(out);
        for (size_t i = 0; i < 3; i++)
            our_free(blocks[i]);
    }
}

static void crooked_alignments_are_einval(void **state)
{
    (void)state;
    void *untouched = &untouched;
    void *out = untouched;
    const size_t crooked[] = {0, 1, 2, 4, 3, 24, 48, SIZE_MAX};

    errno = UNTOUCHED;
    for (size_t i = 0; i < sizeof(crooked) / sizeof(crooked[0]); i++)
        assert_int_equal(our_posix_memalign(&out, opaque(crooked[i]), 8), EINVAL);
    assert_int_equal(errno, UNTOUCHED);
    assert_ptr_equal(out, untouched);
    assert_einval(our_aligned_alloc(opaque(0), 8));
    assert_einval(our_aligned_alloc(opaque(48), 8));
    assert_einval(our_memalign(opaque(SIZE_MAX), 8));
    void *rounded = our_memalign(opaque(48), 8); /* glibc rounds up */
    assert_usable(rounded, 64, 8);
    our_free(rounded);
}

static void page_functions_round(void **state)
{
    (void)state;
    size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
    void *one = our_valloc(1), *two = our_pvalloc(1), *three = our_pvalloc(page_bytes + 1);

    assert_usable(one, page_bytes, 1);
    assert_usable(two, page_bytes, page_bytes);
    assert_usable(three, page_bytes, 2 * page_bytes);
    our_free(one);
    our_free(two);
    our_free(three);
}

static void calloc_clears_recycled_memory(void **state)
{
    (void)state;
    const size_t sizes[] = {1, 24, 100, 5000, 100000, 127 << 10, 128 << 10, 1 << 20};

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        for (int round = 0; round < 3; round++) {
            unsigned char *cleared = our_calloc(sizes[i], 1);
            assert_non_null(cleared);
            for (size_t at = 0; at < sizes[i]; at++)
                assert_int_equal(cleared[at], 0);
            memset(cleared, 0xFF, our_malloc_usable_size(cleared));
            our_free(cleared);
        }
    }
    void *empty = our_calloc(0, 100);
    assert_non_null(empty);
    our_free(empty);
}

static void realloc_keeps_contents(void **state)
{
    (void)state;
    const size_t steps[] = {1,      40,      41,     300,   4000,  70000, 131072, 131071, 500000,
                            900000, 4000000, 300000, 90000, 65536, 60000, 100,    7,      1};
    unsigned char *block = our_realloc(NULL, steps[0]);
    size_t known = 1;

    block[0] = 42;
    for (size_t i = 1; i < sizeof(steps) / sizeof(steps[0]); i++) {
        void *wall = our_malloc(32); /* so that it cannot always grow in place */
        block = our_realloc(block, steps[i]);
        assert_non_null(block);
        size_t same = known < steps[i] ? known : steps[i];
        for (size_t at = 0; at < same; at++)
            assert_int_equal(block[at], (unsigned char)(at * 7 + 42));
        for (size_t at = 0; at < steps[i]; at++)
            block[at] = (unsigned char)(at * 7 + 42);
        known = steps[i];
        our_free(wall);
    }
    errno = UNTOUCHED;
    assert_null(our_realloc(block, opaque(0)));
    block = our_realloc(NULL, opaque(0));
    assert_non_null(block);
    assert_null(our_reallocarray(block, 10, opaque(0)));
    assert_int_equal(errno, UNTOUCHED);
}

static void realloc_within_usable_size_stays(void **state)
{
    (void)state;

    for (size_t bytes = 1; bytes < 300; bytes++) {
        void *block = our_malloc(bytes);
        assert_ptr_equal(our_realloc(block, our_malloc_usable_size(block)), block);
        our_free(block);
    }
}

static void success_leaves_errno_alone(void **state)
{
    (void)state;
    errno = UNTOUCHED;
    for (size_t bytes = 1; bytes < (size_t)8 << 20; bytes *= 3) {
        void *block = our_malloc(bytes);
        block = our_realloc(block, bytes * 2);
        our_free(block);
        our_free(our_calloc(bytes, 2));
        our_free(our_memalign(256, bytes));
    }
    our_malloc_trim(0);
    our_mallinfo2();
    assert_int_equal(errno, UNTOUCHED);
}

static void no_memory_is_enomem_and_passes(void **state)
{
    (void)state;
    enum { MOST = 1000000 };
    static void *blocks[MOST];
    const size_t sizes[] = {1 << 20, 1000000, 100000, 10000, 4096, 4000, 1024, 1000, 500};
    size_t count = 0;
    unsigned char *kept = our_malloc(1000);
    void *out = NULL;

    memset(kept, 9, 1000);
    os_fake_fail(true, true);
    /* Every size that is asked for below has its own free blocks in some allocators. */
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        while (count < MOST && (blocks[count] = our_malloc(sizes[i])) != NULL)
            count++;
    assert_true(count < MOST);
    assert_int_equal(errno, ENOMEM);
    assert_enomem(our_malloc(1 << 20));
    assert_enomem(our_calloc(10, 1000));
    assert_enomem(our_realloc(kept, 100000));
    assert_enomem(our_realloc(kept, 1000000));
    assert_enomem(our_memalign(128, 1000));
    assert_enomem(our_valloc(1000));
    errno = 0;
    assert_int_equal(our_posix_memalign(&out, 64, 1000), ENOMEM);
    assert_int_equal(errno, ENOMEM);
    os_fake_fail(false, false);
    for (size_t i = 0; i < 1000; i++)
        assert_int_equal(kept[i], 9);
    for (size_t i = 0; i < count; i++)
        our_free(blocks[i]);
    kept = our_realloc(kept, 100000);
    assert_non_null(kept);
    assert_int_equal(kept[999], 9);
    our_free(kept);
}

static void mallinfo_adds_up(void **state)
{
    (void)state;
    void *block = our_malloc(50000);
    struct mallinfo2 wide = our_mallinfo2();
    struct mallinfo narrow = our_mallinfo();

    assert_true(wide.arena >= 50000);
    assert_int_equal(wide.uordblks + wide.fordblks, wide.arena);
    assert_int_equal(narrow.arena, wide.arena);
    assert_int_equal(narrow.ordblks, wide.ordblks);
    our_free(block);
}

int run_entry_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(malloc_gives_distinct_aligned_blocks),
        cmocka_unit_test(too_large_is_enomem_everywhere),
        cmocka_unit_test(alignments_are_honoured),
        cmocka_unit_test(crooked_alignments_are_einval),
        cmocka_unit_test(page_functions_round),
        cmocka_unit_test(calloc_clears_recycled_memory),
        cmocka_unit_test(realloc_keeps_contents),
        cmocka_unit_test(realloc_within_usable_size_stays),
        cmocka_unit_test(success_leaves_errno_alone),
        cmocka_unit_test(no_memory_is_enomem_and_passes),
        cmocka_unit_test(mallinfo_adds_up),
    };
    return cmocka_run_group_tests_name("entry points", tests, NULL, NULL);
}
