/*
 * What a small block keeps of itself, in both variants.
 *
 * brkmap: a free block holds its link in its first word, and in its second a mark, the sum of two
 * addresses that no program's data is but by reading it there after free. malloc clears it.
 *
 * brkmap-hardened: the last word of each block is its seal, and all else of a free one reads as
 * zero. In its low bits a seal holds the link of a free block, and of a live one how many bytes
 * before the seal nobody asked for; the others are a hash of these, the address and a secret of the
 * process. So a link cannot be made up and cannot leave its span, a write behind the end breaks the
 * seal, a write after free is not zero, and what malloc returns is.
 */
#ifndef BRKMAP_BLOCK_H
#define BRKMAP_BLOCK_H

#include "size_class.h"
#include "span.h"

#ifdef BRKMAP_HARDENED
#define HARDENED 1
#else
#define HARDENED 0
#endif

/* Of each block, not the program's. */
#define BLOCK_OWN_BYTES (HARDENED ? sizeof(uint64_t) : 0)

struct free_block {
    struct free_block *next; /* hardened: only on the way to another thread, and encoded */
    uintptr_t mark;          /* hardened: none */
};

/* ---- hardened.c: only there, and only called where HARDENED. What is wrong ends the process. */

extern uint64_t block_secret __attribute__((visibility("hidden")));
_Noreturn void block_damaged(const char *what);
void block_begin(void);      /* before the first block */
uint32_t block_chance(void); /* a random number */
/* A block leaves its span's list with so many bytes asked for; is freed; is resized in place. */
void block_seal_live(struct span *span, void *block, size_t bytes);
void block_seal_free(struct span *span, void *block);
void block_seal_resized(struct span *span, void *block, size_t bytes);
/* A freed block waits, and by chance another one leaves, with its span; or none: NULL. */
struct free_block *block_delay(struct span **span, struct free_block *block);
bool block_delay_end(void); /* of all that wait on this thread; false when none did */
void block_delay_check(void);
struct free_block *block_mail_checked(struct free_block *block);

#define SEAL_LOW  (((uint64_t)1 << 20) - 1)
#define SEAL_FREE ((uint64_t)1 << 19)
/* The byte that a string's end falls on is never 0 already. */
#define SEAL_ODD ((uint64_t)1)

static inline _Atomic uint64_t *seal_place(const struct span *span, const void *block)
{
    return (_Atomic uint64_t *)((char *)block + size_class_bytes(span->size_class)) - 1;
}

static inline uint64_t seal_of(const void *block, uint64_t low)
{
    uint64_t mixed = ((uintptr_t)block ^ block_secret) + (low << 20);
    return (mixed * UINT64_C(0x9e3779b97f4a7c15) & ~SEAL_LOW) | low;
}

/* The low bits of its seal, all of them ones when it is broken. */
static inline uint64_t seal_low(const struct span *span, const void *block)
{
    uint64_t seal = atomic_load_explicit(seal_place(span, block), memory_order_relaxed);
    return seal == seal_of(block, seal & SEAL_LOW) ? seal & SEAL_LOW : SEAL_LOW;
}

static inline void seal_set(const struct span *span, const void *block, uint64_t low)
{
    atomic_store_explicit(seal_place(span, block), seal_of(block, low | SEAL_ODD),
                          memory_order_relaxed);
}

/* ---- both variants --------------------------------------------------------------------------- */

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

static inline void block_set_free(struct span *span, struct free_block *block)
{
    if (HARDENED)
        block_seal_free(span, block);
    else
        block->mark = free_mark(span, block);
}

/* How much of a live block is the program's. */
static inline size_t block_bytes(const struct span *span, const void *block)
{
    size_t room = size_class_bytes(span->size_class) - BLOCK_OWN_BYTES;
    if (!HARDENED)
        return room;
    uint64_t low = seal_low(span, block);
    if (low == SEAL_LOW)
        block_damaged("a block was written past its end");
    return room - low / 2;
}

/* A seal's link: steps of 16 bytes from the start of the span, and 1; 0 ends the list. */
static inline struct free_block *block_next(const struct span *span, const struct free_block *block)
{
    if (!HARDENED)
        return block->next;
    uint64_t low = seal_low(span, block), steps = (low & (SEAL_FREE - 1)) / 2;
    if (__builtin_expect(low == SEAL_LOW || (low & SEAL_FREE) == 0, 0))
        block_damaged("a free block was written to");
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
    uintptr_t key = HARDENED ? (uintptr_t)block ^ block_secret : 0;
    block->next = (struct free_block *)((uintptr_t)next ^ key);
}

static inline struct free_block *block_mail_next(const void *block, const void *stored)
{
    uintptr_t key = HARDENED ? (uintptr_t)block ^ block_secret : 0;
    return (struct free_block *)((uintptr_t)stored ^ key);
}

#endif
