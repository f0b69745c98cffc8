/* Misuse: free, realloc and malloc_usable_size of what is no block, or no longer. */
#include "misuse.h"

#include <alloca.h>
#include <string.h>

/* ---- double free ------------------------------------------------------------------------ */

static void twice(size_t bytes)
{
    void *block = check_malloc(bytes), *same = check_hidden(block);
    free(block);
    misuse_free(same);
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
    misuse_free(same);
}
MISUSE("double-free-delayed", twice_later, "the same, with calls for others in between")

static void interleaved(size_t bytes)
{
    void *one = check_malloc(bytes), *other = check_malloc(bytes), *same = check_hidden(one);
    free(one);
    free(other);
    misuse_free(same);
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
    misuse_free(same);
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

static void by_owner_first(size_t bytes)
{
    pthread_t thread;
    void *block = check_malloc(bytes), *same = check_hidden(block);
    free(block);
    check_misuse_begins();
    if (pthread_create(&thread, NULL, free_it, same) != 0)
        check_skip("cannot start a thread");
    pthread_join(thread, NULL);
}
MISUSE("double-free-by-other", by_owner_first, "freed by its owner, and again by another thread")

/* The second free takes a block from its new owner: no allocator can tell when the address is the
 * same, and none may hand it out at once. */
static void new_owner(size_t bytes)
{
    void *block = check_malloc(bytes), *same = check_hidden(block);
    free(block);
    char *next = check_malloc(bytes);
    check_fill(next, bytes, 7);
    misuse_free(same);
    char *third = check_malloc(bytes);
    memset(third, 0, bytes);
    if (!check_is_filled(next, bytes, 7))
        check_harm("a block that lives was freed and handed out again");
}
MISUSE("double-free-new-owner", new_owner, "free, malloc, and free by the old pointer")

/* Where free neighbours become one block, the second is in its middle by then. */
static void coalesced(size_t bytes)
{
    char *blocks[6], *same;
    for (int i = 0; i < 6; i++)
        blocks[i] = check_malloc(bytes);
    same = check_hidden(blocks[3]);
    for (int i = 1; i < 5; i++)
        free(blocks[i]);
    misuse_free(same);
}
MISUSE("double-free-coalesced", coalesced, "freed with its neighbours, and free again")

static void after_realloc(size_t bytes)
{
    char *block = check_malloc(bytes), *same = check_hidden(block), *wall = check_malloc(bytes);
    char *moved = check_hidden(realloc(block, bytes * 64));
    if (moved == same)
        check_skip("realloc grew the block in place");
    misuse_free(same);
    free(moved);
    free(wall);
}
MISUSE("double-free-after-realloc", after_realloc, "free of the pointer that realloc moved away")

/* ---- free of what is no block -------------------------------------------------------------- */

static void interior(size_t bytes)
{
    char *block = check_malloc(bytes);
    misuse_free(block + bytes / 2 / 16 * 16 + (bytes < 64 ? 16 : 0));
}
MISUSE("free-interior", interior, "free of an aligned place inside a block")

static void misaligned_one(size_t bytes)
{
    misuse_free((char *)check_malloc(bytes) + 1);
}
MISUSE("free-misaligned", misaligned_one, "free of a block's address and 1")

static void misaligned_eight(size_t bytes)
{
    misuse_free((char *)check_malloc(bytes) + 8);
}
MISUSE("free-misaligned-8", misaligned_eight, "free of a block's address and 8")

static void on_stack(size_t bytes)
{
    char *place = alloca(bytes < 8192 ? bytes + 64 : 8192);
    memset(place, 0, 64);
    misuse_free((char *)(((uintptr_t)place + 31) & ~(uintptr_t)15));
}
MISUSE("free-stack", on_stack, "free of a place on the stack")

static void in_data(size_t bytes)
{
    static _Alignas(16) char data[MISUSE_LARGE];
    memset(data, 0, bytes);
    misuse_free(data + 16);
}
MISUSE("free-static", in_data, "free of a static variable")

static void foreign(size_t bytes)
{
    char *mapped = check_memory(8 * MISUSE_LARGE);
    misuse_free(mapped + (bytes == MISUSE_SMALL ? 64 : bytes));
}
MISUSE("free-foreign", foreign, "free of memory that the program mapped itself")

static void wild(size_t bytes)
{
    misuse_free((void *)(bytes == MISUSE_SMALL ? 1 : (uintptr_t)bytes << 24));
}
MISUSE("free-wild", wild, "free of an address where nothing is")

static void beyond(size_t bytes)
{
    misuse_free((char *)check_malloc(bytes) + (1 << 30));
}
MISUSE("free-far", beyond, "free of a block's address and 1 GiB")

static void usable_freed(size_t bytes)
{
    void *block = check_malloc(bytes), *same = check_hidden(block);
    free(block);
    check_misuse_begins();
    volatile size_t usable = malloc_usable_size(check_hidden(same));
    (void)usable;
}
MISUSE("usable-size-of-freed", usable_freed, "malloc_usable_size of a freed block")

static void realloc_interior(size_t bytes)
{
    char *block = check_malloc(bytes);
    check_misuse_begins();
    check_hidden(realloc(check_hidden(block + 16), bytes * 2));
}
MISUSE("realloc-interior", realloc_interior, "realloc of a place 16 bytes into a block")

static void usable_interior(size_t bytes)
{
    char *block = check_malloc(bytes);
    check_misuse_begins();
    volatile size_t usable = malloc_usable_size(check_hidden(block + 16));
    (void)usable;
}
MISUSE("usable-size-of-interior", usable_interior, "malloc_usable_size of such a place")
