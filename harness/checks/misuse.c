/*
 * Misuse: what programs must not do, each with a small, a medium and a large block. The oracle is
 * the same for all: after the wrong thing the heap is used, and what it hands out must not overlap
 * what lives, and what lives must hold what was written. The shapes are those that the security
 * suite of mimalloc-bench asks for, and some more.
 */
#include "check.h"

#include <alloca.h>
#include <string.h>
#include <sys/mman.h>

enum { LIVE = 200, FRESH = 400, SMALL = 24, MEDIUM = 4096, LARGE = 262144 };

static char *live[LIVE];

/* Blocks that live all the time, of this size and of others. */
static void settle(size_t bytes)
{
    for (size_t i = 0; i < LIVE; i++) {
        live[i] = check_malloc(i % 4 == 3 ? 100 : bytes);
        check_fill(live[i], i % 4 == 3 ? 100 : bytes, i);
    }
    free(check_malloc(bytes));
}

static void check_live(size_t bytes)
{
    for (size_t i = 0; i < LIVE; i++)
        if (!check_is_filled(live[i], i % 4 == 3 ? 100 : bytes, i))
            check_harm("a block that lives was changed");
}

/* Uses the heap, and looks for harm; ends the test. */
static void aftermath(size_t bytes)
{
    static char *fresh[FRESH];
    size_t count = bytes == LARGE ? FRESH / 8 : FRESH;
    check_misuse_done();
    for (size_t i = 0; i < count; i++) {
        fresh[i] = check_malloc(i % 5 == 4 ? 100 : bytes);
        check_fill(fresh[i], i % 5 == 4 ? 100 : bytes, 1000 + i);
    }
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < i; k++)
            if (fresh[i] == fresh[k])
                check_harm("one block was handed out twice");
    for (size_t i = 0; i < count; i++)
        if (!check_is_filled(fresh[i], i % 5 == 4 ? 100 : bytes, 1000 + i))
            check_harm("two blocks overlap");
    check_live(bytes);
    for (size_t i = 0; i < count; i++)
        free(fresh[i]);
    for (size_t i = 0; i < LIVE; i++)
        free(live[i]);
    free(check_malloc(bytes));
}

#define MISUSE(shape, identifier, summary)                                                         \
    static void identifier##_run(size_t bytes)                                                     \
    {                                                                                              \
        settle(bytes);                                                                             \
        identifier(bytes);                                                                         \
        aftermath(bytes);                                                                          \
    }                                                                                              \
    CHECK_SIZED(identifier##_small, shape "/small", "misuse", identifier##_run, SMALL, summary)    \
    CHECK_SIZED(identifier##_medium, shape "/medium", "misuse", identifier##_run, MEDIUM, summary) \
    CHECK_SIZED(identifier##_large, shape "/large", "misuse", identifier##_run, LARGE, summary)

/* free, which the compiler must not know the meaning of. */
static void wrong_free(void *pointer)
{
    check_misuse_begins();
    free(check_hidden(pointer));
}

/* ---- double free ------------------------------------------------------------------------ */

static void twice(size_t bytes)
{
    void *block = check_malloc(bytes), *same = check_hidden(block);
    free(block);
    wrong_free(same);
}
MISUSE("double-free", twice, "free, and free again")

static void twice_later(size_t bytes)
{
    void *block = check_malloc(bytes), *same = check_hidden(block), *others[64];
    free(block);
    for (int i = 0; i < 64; i++)
        others[i] = check_malloc(bytes + 128);
    for (int i = 0; i < 64; i++)
        free(others[i]);
    wrong_free(same);
}
MISUSE("double-free-delayed", twice_later, "the same, with calls for others in between")

static void interleaved(size_t bytes)
{
    void *one = check_malloc(bytes), *other = check_malloc(bytes), *same = check_hidden(one);
    free(one);
    free(other);
    wrong_free(same);
}
MISUSE("double-free-interleaved", interleaved, "p, q, and p again")

static void *free_it(void *block)
{
    free(block);
    return NULL;
}

static void by_other_thread(size_t bytes)
{
    pthread_t thread;
    void *block = check_malloc(bytes), *same = check_hidden(block);
    if (pthread_create(&thread, NULL, free_it, block) != 0)
        check_skip("cannot start a thread");
    pthread_join(thread, NULL);
    wrong_free(same);
}
MISUSE("double-free-by-two", by_other_thread, "freed by another thread, and again by its owner")

static void realloc_freed(size_t bytes)
{
    void *block = check_malloc(bytes), *same = check_hidden(block);
    free(block);
    check_misuse_begins();
    same = check_hidden(realloc(check_hidden(same), bytes * 2));
    check_hidden(same);
}
MISUSE("realloc-of-freed", realloc_freed, "realloc of a block that was freed")

/* ---- free of what is no block -------------------------------------------------------------- */

static void interior(size_t bytes)
{
    char *block = check_malloc(bytes);
    wrong_free(block + bytes / 2 / 16 * 16 + (bytes < 64 ? 16 : 0));
}
MISUSE("free-interior", interior, "free of an aligned place inside a block")

static void misaligned_one(size_t bytes)
{
    wrong_free((char *)check_malloc(bytes) + 1);
}
MISUSE("free-misaligned", misaligned_one, "free of a block's address and 1")

static void misaligned_eight(size_t bytes)
{
    wrong_free((char *)check_malloc(bytes) + 8);
}
MISUSE("free-misaligned-8", misaligned_eight, "free of a block's address and 8")

static void on_stack(size_t bytes)
{
    char *place = alloca(bytes < 8192 ? bytes + 64 : 8192);
    memset(place, 0, 64);
    wrong_free((char *)(((uintptr_t)place + 31) & ~(uintptr_t)15));
}
MISUSE("free-stack", on_stack, "free of a place on the stack")

static void in_data(size_t bytes)
{
    static _Alignas(16) char data[LARGE];
    memset(data, 0, bytes);
    wrong_free(data + 16);
}
MISUSE("free-static", in_data, "free of a static variable")

static void foreign(size_t bytes)
{
    char *mapped = check_memory(8 * LARGE);
    wrong_free(mapped + (bytes == SMALL ? 64 : bytes));
}
MISUSE("free-foreign", foreign, "free of memory that the program mapped itself")

static void wild(size_t bytes)
{
    wrong_free((void *)(bytes == SMALL ? 1 : (uintptr_t)bytes << 24));
}
MISUSE("free-wild", wild, "free of an address where nothing is")

static void beyond(size_t bytes)
{
    wrong_free((char *)check_malloc(bytes) + (1 << 30));
}
MISUSE("free-far", beyond, "free of a block's address and 1 GiB")

/* ---- writing where one must not ------------------------------------------------------------ */

static void write_over(size_t bytes, size_t count)
{
    /* The last byte of the usable part is the program's: what comes behind is not. */
    char *block = check_malloc(bytes), *next = check_malloc(bytes);
    size_t usable = malloc_usable_size(block);
    check_misuse_begins();
    memset((char *)check_hidden(block) + usable, 0x41, count);
    free(block);
    free(next);
}

static void over_one(size_t bytes)
{
    write_over(bytes, 1);
}
MISUSE("overflow-1", over_one, "a byte written behind the usable end, then free")

static void over_many(size_t bytes)
{
    write_over(bytes, 32);
}
MISUSE("overflow-32", over_many, "32 bytes written behind the usable end, then free")

static void write_under(size_t bytes, size_t count)
{
    char *before = check_malloc(bytes), *block = check_malloc(bytes);
    check_misuse_begins();
    memset((char *)check_hidden(block) - count, 0x41, count);
    free(block);
    free(before);
}

static void under_one(size_t bytes)
{
    write_under(bytes, 1);
}
MISUSE("underflow-1", under_one, "a byte written before a block, then free")

static void under_header(size_t bytes)
{
    write_under(bytes, 16);
}
MISUSE("corrupted-header", under_header, "the 16 bytes before a block overwritten, then free")

static void under_many(size_t bytes)
{
    write_under(bytes, 32);
}
MISUSE("underflow-32", under_many, "32 bytes written before a block, then free")

static void after_free(size_t bytes)
{
    void *block = check_malloc(bytes), *same = check_hidden(block);
    free(block);
    check_misuse_begins();
    memset(check_hidden(same), 0x41, 16);
}
MISUSE("write-after-free", after_free, "the first 16 bytes of a freed block overwritten")

/* A free list that was written to must not hand out what the writer says. */
static void redirect(size_t bytes)
{
    void *blocks[8], *same;
    for (int i = 0; i < 8; i++)
        blocks[i] = check_malloc(bytes);
    same = check_hidden(blocks[7]);
    for (int i = 0; i < 8; i++)
        free(blocks[i]);
    void *target = live[0];
    check_misuse_begins();
    memcpy(check_hidden(same), &target, sizeof target);
}
MISUSE("free-list-redirected", redirect, "a freed block's first word made to point at a live one")

static void usable_freed(size_t bytes)
{
    void *block = check_malloc(bytes), *same = check_hidden(block);
    free(block);
    check_misuse_begins();
    volatile size_t usable = malloc_usable_size(check_hidden(same));
    (void)usable;
}
MISUSE("usable-size-of-freed", usable_freed, "malloc_usable_size of a freed block")
