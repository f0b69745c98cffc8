/* The contract: alignment of every entry point, and what it says of a bad one. */
#include "check.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { BLOCKS = 64 };
#define MIB ((size_t)1 << 20)

static void check_aligned(const void *block, size_t alignment, const char *what, size_t bytes)
{
    CHECK_THAT(block != NULL, "%s of %zu bytes is NULL", what, bytes);
    CHECK_THAT((uintptr_t)block % alignment == 0, "%s of %zu bytes: %p is no multiple of %zu", what,
               bytes, block, alignment);
}

/* What any object of that size may need: C17 7.22.3 asks for no more. */
static size_t natural_alignment(size_t bytes)
{
    size_t alignment = _Alignof(max_align_t);
    while (alignment > bytes && alignment > 1)
        alignment /= 2;
    return alignment;
}

static size_t next_size(size_t bytes)
{
    return bytes < 2048 ? bytes + 1 : bytes + bytes / 37 + 1;
}

static void natural_run(size_t argument)
{
    (void)argument;
    for (size_t bytes = 1; bytes < 32 * MIB; bytes = next_size(bytes)) {
        void *blocks[4] = {malloc(bytes), malloc(bytes), calloc(1, bytes), realloc(NULL, bytes)};
        for (int i = 0; i < 4; i++)
            check_aligned(check_hidden(blocks[i]), natural_alignment(bytes), "a block", bytes);
        for (int i = 0; i < 4; i++)
            free(blocks[i]);
    }
}
CHECK("contract", "align-every-size", natural,
      "malloc, calloc and realloc align for any object of the size, 1 byte to 32 MiB")

static void regrown_run(size_t argument)
{
    (void)argument;
    char *block = NULL;
    for (size_t bytes = 1; bytes < 32 * MIB; bytes = next_size(bytes)) {
        block = realloc(block, bytes);
        check_aligned(block, natural_alignment(bytes), "realloc", bytes);
    }
    for (size_t bytes = 32 * MIB; bytes > 0; bytes /= 3) {
        block = realloc(block, bytes);
        check_aligned(block, natural_alignment(bytes), "realloc", bytes);
    }
    free(block);
}
CHECK("contract", "align-realloc", regrown, "a block that grows and shrinks stays aligned")

/* ---- the aligned entry points ------------------------------------------------------- */

typedef void *aligned_fn(size_t alignment, size_t bytes);

static void *by_posix_memalign(size_t alignment, size_t bytes)
{
    void *block = NULL;
    int error = posix_memalign(&block, alignment, bytes);
    if (error != 0)
        check_fail("posix_memalign(%zu, %zu) returns %d", alignment, bytes, error);
    return block;
}

/* Neighbours that live together, filled to the last usable byte, at each alignment and size. */
static void try_alignment(aligned_fn *allocate, const char *name, size_t alignment)
{
    const size_t sizes[] = {
        0,   1,   8,    alignment - 1, alignment, alignment + 1, 24,
        100, 500, 5000, 70000,         300000,    3 * alignment, 3 * MIB,
    };
    enum { SIZES = sizeof sizes / sizeof sizes[0], EACH = 2 };
    char *blocks[SIZES * EACH];
    for (size_t i = 0; i < SIZES * EACH; i++) {
        blocks[i] = check_hidden(allocate(alignment, sizes[i % SIZES]));
        /* Of 0 bytes POSIX asks for no more than something that can be freed. */
        if (blocks[i] == NULL && sizes[i % SIZES] == 0)
            continue;
        check_aligned(blocks[i], sizes[i % SIZES] > 0 ? alignment : 1, name, sizes[i % SIZES]);
        CHECK_THAT(malloc_usable_size(blocks[i]) >= sizes[i % SIZES],
                   "%s(%zu, %zu): %zu usable bytes are too few", name, alignment, sizes[i % SIZES],
                   malloc_usable_size(blocks[i]));
        check_fill(blocks[i], malloc_usable_size(blocks[i]), i);
    }
    for (size_t i = 0; i < SIZES * EACH; i++) {
        check_filled(blocks[i], malloc_usable_size(blocks[i]), i, name);
        free(blocks[i]);
    }
}

static void try_alignments(aligned_fn *allocate, const char *name)
{
    for (size_t alignment = sizeof(void *); alignment <= 4 * MIB; alignment *= 2)
        try_alignment(allocate, name, alignment);
}

static void aligned_alloc_run(size_t argument)
{
    (void)argument;
    try_alignments(aligned_alloc, "aligned_alloc");
}
CHECK("contract", "align-aligned-alloc", aligned_alloc,
      "8 to 4 MiB, sizes that are no multiple too (C17), neighbours do not overlap")

static void memalign_run(size_t argument)
{
    (void)argument;
    try_alignments(memalign, "memalign");
}
CHECK("contract", "align-memalign", memalign, "8 to 4 MiB, neighbours do not overlap")

static void posix_memalign_run(size_t argument)
{
    (void)argument;
    try_alignments(by_posix_memalign, "posix_memalign");
}
CHECK("contract", "align-posix-memalign", posix_memalign, "8 to 4 MiB, neighbours do not overlap")

static void small_run(size_t argument)
{
    (void)argument;
    for (size_t alignment = 1; alignment <= 4; alignment *= 2) {
        char *one = aligned_alloc(alignment, 40), *other = memalign(alignment, 40);
        check_aligned(one, alignment, "aligned_alloc", 40);
        check_aligned(other, alignment, "memalign", 40);
        check_fill(one, 40, 1);
        check_fill(other, 40, 2);
        check_filled(one, 40, 1, "aligned_alloc");
        free(one);
        free(other);
    }
}
CHECK("contract", "align-tiny", small, "aligned_alloc and memalign take alignments 1, 2 and 4")

static void huge_run(size_t argument)
{
    (void)argument;
    for (size_t alignment = 8 * MIB; alignment <= 1024 * MIB; alignment *= 2) {
        char *block = check_hidden(memalign(alignment, 100000));
        if (block == NULL && errno == ENOMEM)
            check_skip("no address space for an alignment of %zu MiB", alignment / MIB);
        check_aligned(block, alignment, "memalign", 100000);
        check_fill(block, 100000, alignment);
        check_filled(block, 100000, alignment, "memalign");
        free(block);
    }
}
CHECK("contract", "align-huge", huge, "alignments of 8 MiB to 1 GiB")

/* ---- bad alignments ----------------------------------------------------------------- */

static void posix_errors_run(size_t argument)
{
    static const size_t bad[] = {0, 1, 2, 4, 3, 7, 12, 24, 48, 100, 4097, SIZE_MAX, SIZE_MAX - 7};
    (void)argument;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        void *untouched = &untouched, *out = untouched;
        int error = posix_memalign(&out, check_hidden_size(bad[i]), 64);
        CHECK_THAT(error == EINVAL, "posix_memalign(%zu, 64) returns %d, not EINVAL", bad[i],
                   error);
        CHECK_THAT(out == untouched, "posix_memalign(%zu, 64) fails and changes the pointer",
                   bad[i]);
    }
}
CHECK("contract", "posix-memalign-invalid", posix_errors,
      "EINVAL unless a power of two times sizeof(void *); the pointer untouched (POSIX)")

static void posix_memory_run(size_t argument)
{
    static const size_t big[] = {SIZE_MAX, SIZE_MAX - 64, (size_t)PTRDIFF_MAX + 1, PTRDIFF_MAX};
    (void)argument;
    for (size_t i = 0; i < sizeof big / sizeof big[0]; i++)
        for (size_t alignment = 8; alignment <= MIB; alignment *= 4) {
            void *untouched = &untouched, *out = untouched;
            int error = posix_memalign(&out, alignment, check_hidden_size(big[i]));
            CHECK_THAT(error == ENOMEM, "posix_memalign(%zu, %zu) returns %d, not ENOMEM",
                       alignment, big[i], error);
            CHECK_THAT(out == untouched, "posix_memalign(%zu, %zu) fails and changes the pointer",
                       alignment, big[i]);
        }
}
CHECK("contract", "posix-memalign-too-large", posix_memory,
      "ENOMEM for what no address space holds; the pointer untouched (POSIX)")

static void invalid_run(size_t argument)
{
    static const size_t bad[] = {3, 12, 24, 100, 4097};
    (void)argument;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        errno = 0;
        void *block = check_hidden(aligned_alloc(check_hidden_size(bad[i]), bad[i] * 4));
        CHECK_THAT(block == NULL, "aligned_alloc(%zu, %zu) gives a block", bad[i], bad[i] * 4);
        CHECK_THAT(errno == EINVAL, "aligned_alloc(%zu, %zu) sets errno %d, not EINVAL", bad[i],
                   bad[i] * 4, errno);
    }
}
CHECK("contract", "aligned-alloc-invalid", invalid,
      "NULL and EINVAL for an alignment that is no power of two (C17)")

static void crooked_run(size_t argument)
{
    static const size_t crooked[] = {3, 24, 100, 4097};
    (void)argument;
    for (size_t i = 0; i < sizeof crooked / sizeof crooked[0]; i++) {
        errno = 0;
        char *block = check_hidden(memalign(check_hidden_size(crooked[i]), 1000));
        size_t least = 1;
        while (least < crooked[i])
            least *= 2;
        if (block == NULL) {
            CHECK_THAT(errno == EINVAL, "memalign(%zu, 1000) fails with errno %d, not EINVAL",
                       crooked[i], errno);
            continue;
        }
        check_aligned(block, least, "memalign, rounded up,", 1000);
        check_fill(block, 1000, i);
        free(block);
    }
    errno = 0;
    CHECK_THAT(memalign(check_hidden_size(SIZE_MAX), 1) == NULL && errno != 0,
               "memalign(SIZE_MAX, 1) does not fail with errno");
    errno = 0;
    CHECK_THAT(memalign(check_hidden_size(SIZE_MAX / 2 + 1), 1) == NULL && errno != 0,
               "memalign(SIZE_MAX / 2 + 1, 1) does not fail with errno");
}
CHECK("contract", "memalign-crooked", crooked,
      "an alignment that is no power of two is rounded up, or EINVAL; one beyond all bounds fails")

/* ---- pages -------------------------------------------------------------------------- */

static void pages_run(size_t argument)
{
    (void)argument;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const size_t sizes[] = {1, 100, page - 1, page, page + 1, 10 * page, 5 * MIB};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        char *plain = valloc(sizes[i]), *whole = pvalloc(sizes[i]);
        check_aligned(plain, page, "valloc", sizes[i]);
        check_aligned(whole, page, "pvalloc", sizes[i]);
        size_t rounded = (sizes[i] + page - 1) / page * page;
        CHECK_THAT(malloc_usable_size(whole) >= rounded, "pvalloc(%zu) has %zu usable bytes",
                   sizes[i], malloc_usable_size(whole));
        check_fill(plain, sizes[i], 1);
        check_fill(whole, rounded, 2);
        check_filled(plain, sizes[i], 1, "valloc");
        check_filled(whole, rounded, 2, "pvalloc");
        free(plain);
        free(whole);
    }
}
CHECK("contract", "valloc-pvalloc", pages, "pages, and whole ones of pvalloc")

/* ---- aligned blocks as others ------------------------------------------------------- */

static void reallocated_run(size_t argument)
{
    (void)argument;
    for (size_t alignment = 16; alignment <= 4 * MIB; alignment *= 2)
        for (size_t bytes = 24; bytes < 2 * MIB; bytes *= 5) {
            char *block = memalign(alignment, bytes);
            check_aligned(block, alignment, "memalign", bytes);
            check_fill(block, bytes, bytes);
            block = realloc(block, 3 * bytes);
            CHECK_THAT(block != NULL, "realloc of an aligned block to %zu is NULL", 3 * bytes);
            check_filled(block, bytes, bytes, "an aligned block, grown");
            block = realloc(block, bytes / 3);
            CHECK_THAT(block != NULL, "realloc of an aligned block to %zu is NULL", bytes / 3);
            check_filled(block, bytes / 3, bytes, "an aligned block, shrunk");
            free(block);
        }
}
CHECK("contract", "align-then-realloc", reallocated,
      "an aligned block keeps its contents when it grows and shrinks")
