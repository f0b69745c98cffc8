/*
 * The state of the free-list allocator and the parts its files are cut into.
 *
 * Invariant, whenever the lock is free: blocks tile every region without a gap, no two free
 * blocks are neighbours, and the policy's index holds exactly the free ones.
 */
#ifndef HEAPMARK_FREELIST_H
#define HEAPMARK_FREELIST_H

#include "address_index.h"
#include "lock.h"
#include "mapped.h"
#include "size_index.h"

/* Requests of this size and more get a mapping of their own. */
#define FREELIST_MAP_BYTES ((size_t)128 << 10)

/* A run of memory from the break. There is one, unless another user of sbrk came in between:
 * then the next growth starts a new one. Stands at the start of its memory; `end` is a page
 * border and right before it stands the end marker, a used block of no size. */
struct region {
    struct region *older;
    uintptr_t end;
    uint64_t unused; /* puts the first header at 8 modulo 16 */
    struct block first;
};

#define REGION_HEADER_BYTES offsetof(struct region, first)
_Static_assert(REGION_HEADER_BYTES % HEAP_ALIGNMENT == BLOCK_HEADER_BYTES, "payloads are aligned");

struct freelist {
    struct lock lock;    /* guards everything here and in the blocks but the payloads */
    uintptr_t base;      /* start of the oldest region; 0 before the first */
    struct region *top;  /* the newest region, which ends at the break; NULL before the first */
    uintptr_t rover;     /* where next fit goes on: the block behind the one handed out last */
    size_t system_bytes; /* of all regions */
    size_t free_blocks;
    size_t free_bytes; /* in them */
    struct mapped_list mapped;
    struct address_index by_address; /* the policy uses one of the two, */
    struct size_index by_size;       /* the other stays empty and untouched */
};

/* The way to the index in use, which keeps the sums above. */
void free_insert(struct freelist *heap, struct block *block, size_t bytes);
void free_remove(struct freelist *heap, struct block *block);
void free_replace(struct freelist *heap, struct block *old, struct block *block, size_t bytes);

/* region.c; all with the lock held. */

/* The free block at the top of the heap, grown to at least `bytes`, or NULL without memory. */
struct block *region_grow(struct freelist *heap, size_t bytes);

/* Gives whole pages free at the top back to the system, all but `keep_bytes` and what makes up a
 * page. True if any. Does nothing when the break is not where we left it. */
bool region_shrink(struct freelist *heap, size_t keep_bytes);

/* The free block that ends the top region, or NULL. */
struct block *region_top_block(const struct freelist *heap);

/* Called when a block that is free now may be at the top: gives back what is too much. */
void region_shrink_if_large(struct freelist *heap, const struct block *block);

static inline struct block *region_end_marker(const struct region *region)
{
    return (struct block *)(region->end - BLOCK_HEADER_BYTES);
}

#ifdef HEAPMARK_DEBUG
/* check.c: aborts, naming it, on the first invariant that does not hold. O(blocks). */
void freelist_check(const struct freelist *heap);
#endif

/* freelist.c: the one heap, for walk.c and tests. */
struct freelist *freelist_heap(void);

#endif
