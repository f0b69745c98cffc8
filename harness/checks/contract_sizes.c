/* The contract: nothing, too much, overflow, and errno. */
#include "check.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define SENTINEL 12345 /* no errno of any system */

static void zero_run(size_t argument)
{
    enum { BLOCKS = 100 };
    void *blocks[3 * BLOCKS];
    (void)argument;
    for (int i = 0; i < 3 * BLOCKS; i += 3) {
        blocks[i] = check_hidden(malloc(check_hidden_size(0)));
        blocks[i + 1] = check_hidden(calloc(0, 8));
        blocks[i + 2] = check_hidden(realloc(NULL, 0));
    }
    for (int i = 0; i < 3 * BLOCKS; i++) {
        CHECK_THAT(blocks[i] != NULL, "a block of 0 bytes is NULL");
        for (int k = 0; k < i; k++)
            CHECK_THAT(blocks[i] != blocks[k], "two live blocks of 0 bytes have one address");
    }
    for (int i = 0; i < 3 * BLOCKS; i++)
        free(blocks[i]);
}
CHECK("contract", "size-zero", zero,
      "malloc(0), calloc(0, n) and realloc(NULL, 0) give a block of its own each, as glibc does")

static void null_run(size_t argument)
{
    (void)argument;
    errno = SENTINEL;
    for (int i = 0; i < 1000; i++)
        free(check_hidden(NULL));
    CHECK_THAT(errno == SENTINEL, "free(NULL) changes errno");
    CHECK_THAT(malloc_usable_size(check_hidden(NULL)) == 0, "malloc_usable_size(NULL) is not 0");
}
CHECK("contract", "free-null", null, "free(NULL) does nothing, malloc_usable_size(NULL) is 0")

static void realloc_zero_run(size_t argument)
{
    (void)argument;
    for (size_t bytes = 1; bytes < 4000000; bytes *= 3) {
        void *block = check_malloc(bytes);
        void *after = check_hidden(realloc(block, check_hidden_size(0)));
        CHECK_THAT(after == NULL, "realloc of %zu bytes to 0 gives a block", bytes);
    }
}
CHECK("contract", "realloc-to-zero", realloc_zero,
      "realloc(p, 0) frees p and returns NULL, as glibc does and its programs expect")

static void realloc_zero_leak_run(size_t argument)
{
    (void)argument;
    size_t before = 0;
    for (int i = 0; i < 4000; i++) {
        char *block = check_malloc(100000);
        memset(block, 1, 100000);
        free(check_hidden(realloc(block, check_hidden_size(0))));
        if (i == 400)
            before = check_rss_bytes();
    }
    CHECK_THAT(check_rss_bytes() < before + (64 << 20), "4000 blocks are not freed by it");
}
CHECK("contract", "realloc-to-zero-frees", realloc_zero_leak,
      "realloc(p, 0) frees p, whatever it returns")

/* ---- too large ---------------------------------------------------------------------- */

/* More than any object may have, and what wraps when rounded. */
static const size_t too_large[] = {
    PTRDIFF_MAX,
    (size_t)PTRDIFF_MAX + 1,
    (size_t)PTRDIFF_MAX + 4096,
    SIZE_MAX - (8 << 20),
    SIZE_MAX - 65536,
    SIZE_MAX - 4096,
    SIZE_MAX - 4095,
    SIZE_MAX - 64,
    SIZE_MAX - 16,
    SIZE_MAX - 15,
    SIZE_MAX - 8,
    SIZE_MAX - 7,
    SIZE_MAX - 1,
    SIZE_MAX,
    SIZE_MAX / 2 + 2,
    (size_t)1 << 62,
    (size_t)1 << 56,
    (size_t)1 << 48,
};
enum { TOO_LARGE = sizeof too_large / sizeof too_large[0] };

static void must_fail(void *block, const char *call, size_t bytes)
{
    CHECK_THAT(check_hidden(block) == NULL, "%s of %zu bytes gives a block", call, bytes);
    CHECK_THAT(errno == ENOMEM, "%s of %zu bytes sets errno %d, not ENOMEM", call, bytes,
               errno == SENTINEL ? 0 : errno);
    errno = SENTINEL;
}

#define FOR_TOO_LARGE(bytes) \
    errno = SENTINEL;        \
    for (size_t i = 0, bytes; i < TOO_LARGE && (bytes = check_hidden_size(too_large[i])) != 0; i++)

static void large_malloc_run(size_t argument)
{
    (void)argument;
    FOR_TOO_LARGE(bytes)
    must_fail(malloc(bytes), "malloc", bytes);
}
CHECK("contract", "too-large-malloc", large_malloc, "malloc beyond PTRDIFF_MAX: NULL and ENOMEM")

static void large_calloc_run(size_t argument)
{
    (void)argument;
    FOR_TOO_LARGE(bytes)
    {
        must_fail(calloc(1, bytes), "calloc(1, n)", bytes);
        must_fail(calloc(bytes, 1), "calloc(n, 1)", bytes);
    }
}
CHECK("contract", "too-large-calloc", large_calloc, "the same of calloc")

static void large_realloc_run(size_t argument)
{
    (void)argument;
    for (size_t held = 16; held < 8000000; held *= 20) {
        char *block = check_malloc(held);
        check_fill(block, held, held);
        FOR_TOO_LARGE(bytes)
        {
            must_fail(realloc(NULL, bytes), "realloc(NULL, n)", bytes);
            must_fail(realloc(check_hidden(block), bytes), "realloc(p, n)", bytes);
            check_filled(block, held, held, "a failed realloc");
        }
        free(block);
    }
}
CHECK("contract", "too-large-realloc", large_realloc, "the same of realloc; the block stays")

static void large_aligned_run(size_t argument)
{
    (void)argument;
    FOR_TOO_LARGE(bytes)
    for (size_t alignment = 8; alignment <= 4 << 20; alignment *= 4)
        must_fail(aligned_alloc(alignment, bytes), "aligned_alloc", bytes);
}
CHECK("contract", "too-large-aligned-alloc", large_aligned, "the same of aligned_alloc")

static void large_memalign_run(size_t argument)
{
    (void)argument;
    FOR_TOO_LARGE(bytes)
    for (size_t alignment = 8; alignment <= 4 << 20; alignment *= 4)
        must_fail(memalign(alignment, bytes), "memalign", bytes);
}
CHECK("contract", "too-large-memalign", large_memalign, "the same of memalign")

static void large_pages_run(size_t argument)
{
    (void)argument;
    FOR_TOO_LARGE(bytes)
    {
        must_fail(valloc(bytes), "valloc", bytes);
        must_fail(pvalloc(bytes), "pvalloc", bytes);
    }
}
CHECK("contract", "too-large-valloc-pvalloc", large_pages,
      "the same of valloc and pvalloc, which must not wrap as they round up")

/* ---- overflow of products ----------------------------------------------------------- */

static const size_t factors[][2] = {
    {SIZE_MAX,                2                },
    {2,                       SIZE_MAX         },
    {SIZE_MAX,                SIZE_MAX         },
    {(size_t)1 << 32,         (size_t)1 << 32  },
    {((size_t)1 << 32) + 1,   (size_t)1 << 32  },
    {SIZE_MAX / 16 + 2,       16               },
    {24,                      SIZE_MAX / 24 + 1},
    {(size_t)PTRDIFF_MAX,     3                },
    {(size_t)PTRDIFF_MAX / 2, 3                },
};
enum { FACTORS = sizeof factors / sizeof factors[0] };

static void calloc_overflow_run(size_t argument)
{
    (void)argument;
    errno = SENTINEL;
    for (size_t i = 0; i < FACTORS; i++)
        must_fail(calloc(check_hidden_size(factors[i][0]), check_hidden_size(factors[i][1])),
                  "calloc whose product overflows,", factors[i][0]);
}
CHECK("contract", "calloc-overflow", calloc_overflow, "a product that overflows: NULL and ENOMEM")

static void reallocarray_overflow_run(size_t argument)
{
    char *block = check_malloc(100);
    (void)argument;
    check_fill(block, 100, 7);
    errno = SENTINEL;
    for (size_t i = 0; i < FACTORS; i++) {
        must_fail(reallocarray(check_hidden(block), check_hidden_size(factors[i][0]),
                               check_hidden_size(factors[i][1])),
                  "reallocarray whose product overflows,", factors[i][0]);
        check_filled(block, 100, 7, "a failed reallocarray");
    }
    block = reallocarray(block, 1000, 10);
    CHECK_THAT(block != NULL, "reallocarray(p, 1000, 10) is NULL");
    check_filled(block, 100, 7, "reallocarray");
    free(block);
}
CHECK("contract", "reallocarray-overflow", reallocarray_overflow,
      "a product that overflows: NULL and ENOMEM, the block stays")

/* ---- errno -------------------------------------------------------------------------- */

static void errno_free_run(size_t argument)
{
    (void)argument;
    for (size_t bytes = 1; bytes < 200000000; bytes = bytes * 2 + 1) {
        void *blocks[8];
        for (int i = 0; i < 8; i++)
            blocks[i] = bytes < 20000000 || i == 0 ? check_malloc(bytes) : NULL;
        for (int i = 0; i < 8; i++) {
            errno = SENTINEL + i;
            free(blocks[i]);
            CHECK_THAT(errno == SENTINEL + i, "free of %zu bytes changes errno to %d", bytes,
                       errno);
        }
    }
}
CHECK("contract", "errno-free", errno_free, "free keeps errno (POSIX 2024), small to very large")

static void errno_success_run(size_t argument)
{
    (void)argument;
    for (size_t bytes = 1; bytes < 200000000; bytes = bytes * 2 + 1) {
        errno = SENTINEL;
        void *block = check_malloc(bytes);
        CHECK_THAT(errno == SENTINEL, "malloc(%zu) succeeds and sets errno %d", bytes, errno);
        block = realloc(block, bytes + bytes / 2);
        CHECK_THAT(block != NULL && errno == SENTINEL, "realloc succeeds and sets errno %d", errno);
        free(block);
        block = check_hidden(calloc(1, bytes));
        CHECK_THAT(block != NULL && errno == SENTINEL, "calloc succeeds and sets errno %d", errno);
        free(block);
        block = check_hidden(memalign(256, bytes));
        CHECK_THAT(block != NULL && errno == SENTINEL, "memalign succeeds and sets errno %d",
                   errno);
        free(block);
    }
}
CHECK("contract", "errno-success", errno_success,
      "what succeeds leaves errno alone (C leaves it open; programs rely on it)")
