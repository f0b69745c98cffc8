/* Misuse: reads and writes where nothing is a program's. */
#include "misuse.h"

#include <string.h>

#define MIB ((ptrdiff_t)1 << 20)

static void write_at(char *address, size_t count)
{
    misuse_access();
    memset(check_hidden(address), 0x41, count);
    misuse_accessed();
}

/* ---- behind a block -------------------------------------------------------------------------- */

/* From there on, of two blocks, and then they are freed. */
static void write_over(size_t bytes, size_t from, size_t count)
{
    char *block = check_malloc(bytes), *next = check_malloc(bytes);
    write_at(block + from, count);
    free(block);
    free(next);
}

/* The last byte of the usable part is the program's: what comes behind is not. */
static size_t usable_of(size_t bytes)
{
    void *block = check_malloc(bytes);
    size_t usable = malloc_usable_size(block);
    free(block);
    return usable;
}

static void over_asked(size_t bytes)
{
    write_over(bytes, bytes, 1);
}
MISUSE("overflow-asked-1", over_asked, "a byte written behind what was asked for, then free")

static void over_one(size_t bytes)
{
    write_over(bytes, usable_of(bytes), 1);
}
MISUSE("overflow-1", over_one, "a byte written behind the usable end, then free")

static void over_many(size_t bytes)
{
    write_over(bytes, usable_of(bytes), 32);
}
MISUSE("overflow-32", over_many, "32 bytes written behind the usable end, then free")

static void over_far(size_t bytes)
{
    write_over(bytes, usable_of(bytes) + MIB, 1);
}
MISUSE("overflow-far", over_far, "a byte written 1 MiB behind the usable end, then free")

static void over_all(size_t bytes)
{
    write_over(bytes, usable_of(bytes), MIB);
}
MISUSE("overflow-mib", over_all, "1 MiB written behind the usable end, then free")

/* ---- before a block -------------------------------------------------------------------------- */

static void write_under(size_t bytes, ptrdiff_t distance, size_t count)
{
    char *before = check_malloc(bytes), *block = check_malloc(bytes);
    write_at(block - distance, count);
    free(block);
    free(before);
}

static void under_one(size_t bytes)
{
    write_under(bytes, 1, 1);
}
MISUSE("underflow-1", under_one, "a byte written before a block, then free")

static void under_header(size_t bytes)
{
    write_under(bytes, 16, 16);
}
MISUSE("corrupted-header", under_header, "the 16 bytes before a block overwritten, then free")

static void under_many(size_t bytes)
{
    write_under(bytes, 32, 32);
}
MISUSE("underflow-32", under_many, "32 bytes written before a block, then free")

static void under_far(size_t bytes)
{
    write_under(bytes, MIB, 1);
}
MISUSE("underflow-far", under_far, "a byte written 1 MiB before a block, then free")

/* ---- in a freed block ------------------------------------------------------------------------ */

static void write_freed(size_t bytes, size_t from, size_t count)
{
    char *block = check_malloc(bytes), *same = check_hidden(block);
    free(block);
    write_at(same + from, count);
}

static void after_free(size_t bytes)
{
    write_freed(bytes, 0, 16);
}
MISUSE("write-after-free", after_free, "the first 16 bytes of a freed block overwritten")

static void after_free_end(size_t bytes)
{
    write_freed(bytes, bytes - 8, 8);
}
MISUSE("write-after-free-end", after_free_end, "the last 8 bytes of a freed block overwritten")

static void after_free_all(size_t bytes)
{
    write_freed(bytes, 0, bytes);
}
MISUSE("write-after-free-all", after_free_all, "a freed block overwritten from end to end")

/* A free list that was written to must not hand out what the writer says. */
static void write_link(size_t bytes, const void *link, size_t link_bytes)
{
    void *blocks[8], *same;
    for (int i = 0; i < 8; i++)
        blocks[i] = check_malloc(bytes);
    same = check_hidden(blocks[7]);
    for (int i = 0; i < 8; i++)
        free(blocks[i]);
    misuse_access();
    memcpy(check_hidden(same), link, link_bytes);
    misuse_accessed();
}

static void redirect(size_t bytes)
{
    void *target = misuse_live_block();
    write_link(bytes, &target, sizeof target);
}
MISUSE("free-list-redirected", redirect, "a freed block's first word made to point at a live one")

/* Whatever the link was, what it leads to now lies among live blocks. */
static void redirect_partly(size_t bytes)
{
    static const char low = 0x40;
    write_link(bytes, &low, 1);
}
MISUSE("free-list-nudged", redirect_partly, "the lowest byte of a freed block's first word changed")

/* ---- what a read meets ----------------------------------------------------------------------- */

/* Behind two words for a list of free blocks. */
static bool holds(const char *block, size_t bytes, char value)
{
    for (size_t i = 16; i < bytes; i++)
        if (block[i] != value)
            return false;
    return true;
}

static void read_freed(size_t bytes)
{
    char *block = check_malloc(bytes), *same = check_hidden(block);
    memset(block, 0x51, bytes);
    free(block);
    misuse_access();
    bool old = holds(check_hidden(same), bytes, 0x51);
    misuse_accessed();
    if (old)
        check_harm("a freed block holds what was written");
}
MISUSE("read-after-free", read_freed, "a freed block read: are the contents still there?")

static void recycled(size_t bytes)
{
    char *blocks[64];
    check_misuse_begins();
    for (int i = 0; i < 64; i++) {
        blocks[i] = check_malloc(bytes);
        memset(blocks[i], 0x51, bytes);
    }
    for (int i = 0; i < 64; i++)
        free(blocks[i]);
    for (int i = 0; i < 64; i++)
        if (holds(check_hidden(check_malloc(bytes)), bytes, 0x51))
            check_harm("a new block holds what was written into a freed one");
}
MISUSE("read-before-write", recycled, "a new block read: does it hold what was freed?")

static void reused(size_t bytes)
{
    void *block = check_malloc(bytes), *same = check_hidden(block);
    check_misuse_begins();
    free(block);
    if (check_malloc(bytes) == same)
        check_harm("the next block of the size is the one just freed");
}
MISUSE("reuse-at-once", reused, "free, and malloc: do old pointers lead into the new block?")

static void run_code(size_t bytes)
{
#if defined(__x86_64__)
    static const unsigned char code[] = {0xc3}; /* ret */
#elif defined(__aarch64__)
    static const unsigned char code[] = {0xc0, 0x03, 0x5f, 0xd6};
#else
    static const unsigned char code[] = {0};
    check_skip("no code for this machine");
#endif
    char *block = check_malloc(bytes);
    void (*function)(void);
    memcpy(block, code, sizeof code);
    __builtin___clear_cache(block, block + sizeof code);
    memcpy(&function, &block, sizeof function);
    misuse_access();
    function();
    check_harm("what was written into a block has been executed");
}
MISUSE("execute", run_code, "a block called as a function")

/* ---- blocks of no bytes ---------------------------------------------------------------------- */

static void zero_write_run(size_t argument)
{
    misuse_settle(MISUSE_SMALL);
    write_at(check_malloc(argument), 1);
    misuse_aftermath(MISUSE_SMALL);
}
CHECK_SIZED(zero_write, "zero-size-write", "misuse", zero_write_run, 0,
            "a byte written into a block of none")

static void zero_read_run(size_t argument)
{
    misuse_settle(MISUSE_SMALL);
    volatile const char *block = check_malloc(argument);
    misuse_access();
    char seen = *block;
    misuse_accessed();
    (void)seen;
    misuse_aftermath(MISUSE_SMALL);
}
CHECK_SIZED(zero_read, "zero-size-read", "misuse", zero_read_run, 0,
            "a byte read from a block of none")
