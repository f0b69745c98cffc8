/*
 * What a small block keeps of itself, in both variants.
 *
 * brkmap: a free block holds its link in its first word, and in its second a mark, the sum of two
 * addresses that no program's data is but by reading it there after free. malloc clears it.
 *
 * brkmap-hardened: a seal behind what is the program's says all, and a freed block waits for a
 * while before it is on its span's list.
 */
#ifndef BRKMAP_BLOCK_H
#define BRKMAP_BLOCK_H

#include "seal.h"
#include "size_class.h"
#include "span.h"

#ifdef BRKMAP_HARDENED
#define HARDENED 1
#else
#define HARDENED 0
#endif

/* Of each block, not the program's. */
#define BLOCK_OWN_BYTES (HARDENED ? sizeof(uint64_t) : 0)
/* Freed blocks of a thread that wait. */
enum { DELAYED_BLOCKS = HARDENED * 32 };

struct free_block {
    struct free_block *next; /* hardened: only on the way to another thread, and encoded */
    uintptr_t mark;          /* hardened: none */
};

/* ---- hardened.c, called where HARDENED only ---------------------------------------------------
 */

void block_begin(void);      /* with the first chunk, before any block in it */
uint32_t block_chance(void); /* a random number */
/* A freed block waits, and by chance another one leaves, with its span; or none: NULL. */
struct free_block *block_delay(struct span **span, struct free_block *block);
bool block_delay_end(struct heap_of_thread *heap); /* of all; false when none waited */
void block_delay_check(const struct heap_of_thread *heap);
struct free_block *block_mail_checked(struct free_block *block);

/* ---- both variants ----------------------------------------------------------------------------
 */

static inline uintptr_t free_mark(const struct span *span, const void *block)
{
    return (uintptr_t)span + (uintptr_t)block;
}

static inline bool block_is_free(const struct span *span, const struct free_block *block)
{
    if (!HARDENED)
        return block->mark == free_mark(span, block);
    uint64_t low = seal_low(span, block);
    return low != SEAL_LOW && (low & SEAL_FREE) != 0;
}

static inline void block_set_free(const struct span *span, struct free_block *block)
{
    if (HARDENED)
        seal_free(span, (uint64_t *)block);
    else
        block->mark = free_mark(span, block);
}

/* How much of a live block is the program's. */
static inline size_t block_bytes(const struct span *span, const void *block)
{
    return HARDENED ? seal_bytes(span, block) : size_class_bytes(span->size_class);
}

/* A seal's link: steps of 16 bytes from the start of the span, and 1; 0 ends the list. */
static inline struct free_block *block_next(const struct span *span, const struct free_block *block)
{
    if (!HARDENED)
        return block->next;
    uint64_t low = seal_low(span, block), steps = (low & (SEAL_FREE - 1)) / 2;
    if (__builtin_expect(low == SEAL_LOW || (low & SEAL_FREE) == 0, 0))
        os_abort("a free block was written to");
    return steps == 0 ? NULL : (struct free_block *)(span->start + (steps - 1) * 16);
}

static inline void block_link(const struct span *span, struct free_block *block,
                              struct free_block *next)
{
    if (!HARDENED)
        block->next = next;
    else if (next == NULL)
        seal_set(span, block, SEAL_FREE);
    else
        seal_set(span, block, SEAL_FREE | ((uint64_t)((char *)next - span->start) / 16 + 1) * 2);
}

/* On the way to another thread: the link, and what was `stored` as one. */
static inline void block_mail_link(struct free_block *block, const struct free_block *next)
{
    uintptr_t key = HARDENED ? (uintptr_t)block ^ seal_secret : 0;
    block->next = (struct free_block *)((uintptr_t)next ^ key);
}

static inline struct free_block *block_mail_next(const void *block, const void *stored)
{
    uintptr_t key = HARDENED ? (uintptr_t)block ^ seal_secret : 0;
    return (struct free_block *)((uintptr_t)stored ^ key);
}

#endif
