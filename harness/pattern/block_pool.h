/*
 * The blocks that a pattern has alive, and their lists: one for each thread and kind, in the order
 * of birth, from which the oldest, the newest or any can be taken.
 *
 * A block is its number; numbers are used again, last in first out.
 */
#ifndef HEAPMARK_BLOCK_POOL_H
#define HEAPMARK_BLOCK_POOL_H

#include <stddef.h>
#include <stdint.h>

enum { BLOCK_NONE = 0xffffffff };

struct block {
    uint64_t size;
    uint32_t life;       /* counts the blocks that had this number */
    uint32_t next, prev; /* by age on its list; of an unused one `next` is the next unused */
    uint32_t place;      /* on its list's row */
    uint32_t list;       /* BLOCK_NONE: on none */
    uint16_t thread;     /* that frees it */
    uint8_t end;         /* enum deck_end, of a deck's */
};

struct block_list {
    uint32_t oldest, newest;
    uint32_t *row; /* all of them in no order, owned */
    size_t count, capacity;
    uint64_t bytes;
};

struct block_pool {
    struct block *block; /* owned */
    uint32_t count, capacity, unused;
    struct block_list *list; /* owned */
    uint32_t lists;
};

/* Return 0, or -1 when memory is short; what was made is released in either case by _release. */
int block_pool_init(struct block_pool *pool, uint32_t lists);
void block_pool_release(struct block_pool *pool);
/* Empties it and keeps the memory. */
void block_pool_clear(struct block_pool *pool);

/* A new block, on the list (BLOCK_NONE: on none); BLOCK_NONE when memory is short. */
uint32_t block_pool_begin(struct block_pool *pool, uint64_t size, uint32_t list);
/* Takes it off its list; it lives on. */
void block_pool_unlist(struct block_pool *pool, uint32_t block);
void block_pool_end(struct block_pool *pool, uint32_t block);
void block_pool_resize(struct block_pool *pool, uint32_t block, uint64_t size);

/* What traces call it. */
static inline uint64_t block_address(uint32_t block)
{
    return ((uint64_t)block + 1) * 16;
}

#endif
