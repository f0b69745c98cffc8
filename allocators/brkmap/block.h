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

struct free_block {
    struct free_block *next; /* hardened: only on the way to another thread, and encoded */
    uintptr_t mark;
};

#ifdef BRKMAP_HARDENED

#define HARDENED 1
/* Of each block, not the program's. */
#define BLOCK_OWN_BYTES sizeof(uint64_t)
/* So many first bytes of a new block are known to be zero. */
#define BLOCK_ZERO_BYTES ((size_t)1024)

#define SEAL_LOW  (((uint64_t)1 << 20) - 1)
#define SEAL_FREE ((uint64_t)1 << 19)
/* No byte of the seal that a string's end may fall on is 0. */
#define SEAL_ODD ((uint64_t)1)

/* hardened.c. Each but the first ends the process when something is wrong. */
extern uint64_t block_secret __attribute__((visibility("hidden")));
void block_begin(void); /* before the first block */
_Noreturn void block_damaged(const char *what);
void block_hand_out(struct span *span, void *block, size_t bytes);
void block_take_back(struct span *span, void *block);
void block_resize(struct span *span, void *block, size_t bytes);
/* Blocks of this thread wait in a random order. May give another one back, or NULL, and its span.
 */
struct free_block *block_delay(struct span **span, struct free_block *block);
bool block_delay_end(void); /* for all of this thread; false when there was none */
void block_delay_check(void);
uint32_t block_chance(void); /* a random number */

static inline _Atomic uint64_t *block_seal(const struct span *span, const void *block)
{
    return (_Atomic uint64_t *)((char *)block + size_class_bytes(span->size_class)) - 1;
}

static inline uint64_t seal_of(const void *block, uint64_t low)
{
    uint64_t mixed = ((uintptr_t)block ^ block_secret) + (low << 20);
    return (mixed * UINT64_C(0x9e3779b97f4a7c15) & ~SEAL_LOW) | low;
}

/* The low bits of its seal, all of them ones when it is broken. */
static inline uint64_t block_sealed(const struct span *span, const void *block)
{
    uint64_t seal = atomic_load_explicit(block_seal(span, block), memory_order_relaxed);
    return seal == seal_of(block, seal & SEAL_LOW) ? seal & SEAL_LOW : SEAL_LOW;
}

static inline void block_set_seal(const struct span *span, const void *block, uint64_t low)
{
    atomic_store_explicit(block_seal(span, block), seal_of(block, low), memory_order_relaxed);
}

static inline bool block_at_front(void)
{
    return (block_chance() & 1) != 0;
}

static inline bool block_is_free(const struct span *span, const void *block)
{
    uint64_t low = block_sealed(span, block);
    return low != SEAL_LOW && (low & SEAL_FREE) != 0;
}

static inline size_t block_bytes(const struct span *span, const void *block)
{
    uint64_t low = block_sealed(span, block);
    if (low == SEAL_LOW)
        block_damaged("a block was written past its end");
    return size_class_bytes(span->size_class) - BLOCK_OWN_BYTES - low / 2;
}

/* Links are in steps of 16 bytes from the start of the span, and 1; 0 ends the list. */
static inline struct free_block *block_next(const struct span *span, const void *block)
{
    uint64_t low = block_sealed(span, block), steps = (low & (SEAL_FREE - 1)) / 2;
    if (__builtin_expect(low == SEAL_LOW || (low & SEAL_FREE) == 0, 0))
        block_damaged("a free block was written to");
    return steps == 0 ? NULL : (struct free_block *)(span->start + (steps - 1) * 16);
}

static inline void block_link(const struct span *span, void *block, const void *next)
{
    uint64_t steps = next == NULL ? 0 : (uint64_t)((const char *)next - span->start) / 16 + 1;
    block_set_seal(span, block, SEAL_FREE | steps * 2 | SEAL_ODD);
}

static inline void block_make(const struct span *span, const void *block)
{
    (void)span, (void)block; /* linked, it has a seal */
}

/* The seal does so later, when it is known how much is asked for. */
static inline void block_leaves_list(void *block)
{
    (void)block;
}

static inline void block_mail_link(struct free_block *block, const struct free_block *next)
{
    block->next = (struct free_block *)((uintptr_t)next ^ (uintptr_t)block ^ block_secret);
}

/* What `stored`, read from a block on its way, says. */
static inline struct free_block *block_mail_next(const void *block, const void *stored)
{
    return (struct free_block *)((uintptr_t)stored ^ (uintptr_t)block ^ block_secret);
}

struct free_block *block_mail_open(struct free_block *block);

#else

#define HARDENED         0
#define BLOCK_OWN_BYTES  ((size_t)0)
#define BLOCK_ZERO_BYTES ((size_t)0)

static inline uintptr_t free_mark(const struct span *span, const void *block)
{
    return (uintptr_t)span + (uintptr_t)block;
}

static inline bool block_is_free(const struct span *span, const void *block)
{
    return ((const struct free_block *)block)->mark == free_mark(span, block);
}

static inline void block_begin(void)
{
}

static inline void block_hand_out(struct span *span, void *block, size_t bytes)
{
    (void)span, (void)block, (void)bytes;
}

static inline void block_make(struct span *span, struct free_block *block)
{
    block->mark = free_mark(span, block);
}

static inline void block_take_back(struct span *span, struct free_block *block)
{
    block_make(span, block);
}

static inline void block_resize(struct span *span, void *block, size_t bytes)
{
    (void)span, (void)block, (void)bytes;
}

static inline struct free_block *block_delay(struct span **span, struct free_block *block)
{
    (void)span;
    return block;
}

static inline bool block_delay_end(void)
{
    return false;
}

static inline void block_delay_check(void)
{
}

static inline bool block_at_front(void)
{
    return false;
}

static inline size_t block_bytes(const struct span *span, const void *block)
{
    (void)block;
    return size_class_bytes(span->size_class);
}

static inline struct free_block *block_next(const struct span *span, const struct free_block *block)
{
    (void)span;
    return block->next;
}

static inline void block_link(const struct span *span, struct free_block *block,
                              struct free_block *next)
{
    (void)span;
    block->next = next;
}

static inline void block_leaves_list(struct free_block *block)
{
    block->mark = 0;
}

static inline void block_mail_link(struct free_block *block, struct free_block *next)
{
    block->next = next;
}

static inline struct free_block *block_mail_next(const void *block, struct free_block *stored)
{
    (void)block;
    return stored;
}

static inline struct free_block *block_mail_open(struct free_block *block)
{
    return block->next;
}

#endif

#endif
