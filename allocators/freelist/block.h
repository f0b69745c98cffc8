/*
 * The layout of blocks: boundary tags (Knuth, TAOCP 1, 2.5, algorithm C; Lea's dlmalloc).
 *
 *   used:  | header | payload ...                                        |
 *   free:  | header | links | ...                               | footer |
 *
 * A header is 8 bytes right before the payload, so at 8 modulo 16. A block's size counts its
 * header and is a multiple of 16; the footer repeats it in free blocks only, where the block
 * behind finds it. So a used block costs 8 bytes. A header's low 4 bits are flags, its high 16
 * a check value in used blocks and what the index likes in free ones.
 *
 * Headers are read by free and malloc_usable_size without the lock while the neighbour's owner
 * may flip BLOCK_PREVIOUS_USED under it: hence relaxed atomics, which cost nothing here. All
 * writes happen with the lock held.
 */
#ifndef HEAPMARK_FREELIST_BLOCK_H
#define HEAPMARK_FREELIST_BLOCK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heap.h"

#define BLOCK_USED          UINT64_C(1)
#define BLOCK_PREVIOUS_USED UINT64_C(2) /* else a footer stands right before the header */
#define BLOCK_MAPPED        UINT64_C(4) /* a mapping of its own, see mapped.h */
#define BLOCK_FLAGS         UINT64_C(15)

#define BLOCK_TAG_SHIFT 48 /* check or priority above, size below: 256 TiB are enough */
#define BLOCK_SIZE_MASK (((UINT64_C(1) << BLOCK_TAG_SHIFT) - 1) & ~BLOCK_FLAGS)

#define BLOCK_HEADER_BYTES ((size_t)8)
#define BLOCK_MIN_BYTES    ((size_t)32)

/* A link between free blocks: distance from the heap's base in units of 16 bytes. 0 is none,
 * since a region's own header stands at the base. The same units count sizes in the indexes. */
typedef uint32_t block_link;
#define BLOCK_UNIT_BYTES HEAP_ALIGNMENT
#define BLOCK_UNITS_MOST INT32_MAX /* the heap spans 32 GiB at most; beyond, mappings help out */

struct block {
    _Atomic uint64_t header;
    /* From here on in free blocks only; they belong to the index in use. */
    union {
        struct { /* tree.c */
            block_link left, right, parent;
        };
        struct { /* address_index.c */
            block_link before, after;
        };
        uint64_t links[2];
    };
};

_Static_assert(sizeof(struct block) == 24, "links fill a free block up to its footer");
_Static_assert(sizeof(struct block) + sizeof(uint64_t) == BLOCK_MIN_BYTES, "a free block fits");
_Static_assert(BLOCK_MIN_BYTES % HEAP_ALIGNMENT == 0, "blocks keep payloads aligned");

static inline struct block *block_from_link(uintptr_t base, block_link link)
{
    return (struct block *)(base + BLOCK_HEADER_BYTES + (uintptr_t)link * BLOCK_UNIT_BYTES);
}

static inline block_link block_to_link(uintptr_t base, const struct block *block)
{
    return (block_link)(((uintptr_t)block - base) / BLOCK_UNIT_BYTES);
}

static inline uint32_t block_units(size_t bytes)
{
    return (uint32_t)(bytes / BLOCK_UNIT_BYTES);
}

static inline uint64_t block_header(const struct block *block)
{
    return atomic_load_explicit(&block->header, memory_order_relaxed);
}

static inline size_t block_bytes(const struct block *block)
{
    return block_header(block) & BLOCK_SIZE_MASK;
}

static inline bool block_is_used(const struct block *block)
{
    return block_header(block) & BLOCK_USED;
}

static inline bool block_previous_is_used(const struct block *block)
{
    return block_header(block) & BLOCK_PREVIOUS_USED;
}

static inline uint32_t block_tag(const struct block *block)
{
    return (uint32_t)(block_header(block) >> BLOCK_TAG_SHIFT);
}

static inline void *block_payload(const struct block *block)
{
    return (void *)((uintptr_t)block + BLOCK_HEADER_BYTES);
}

static inline struct block *block_of_payload(const void *payload)
{
    return (struct block *)((uintptr_t)payload - BLOCK_HEADER_BYTES);
}

static inline struct block *block_at(const struct block *block, size_t offset_bytes)
{
    return (struct block *)((uintptr_t)block + offset_bytes);
}

/* The block behind in memory; every region ends in a used block of no size. */
static inline struct block *block_next(const struct block *block)
{
    return block_at(block, block_bytes(block));
}

/* The block before in memory, which the caller knows to be free. */
static inline struct block *block_previous(const struct block *block)
{
    uint64_t footer = *(const uint64_t *)((uintptr_t)block - sizeof(uint64_t));
    return (struct block *)((uintptr_t)block - footer);
}

/* The size a request for `bytes` of payload needs. */
static inline size_t block_bytes_for(size_t bytes)
{
    size_t needed_bytes = heap_round_up(bytes + BLOCK_HEADER_BYTES, HEAP_ALIGNMENT);
    return needed_bytes < BLOCK_MIN_BYTES ? BLOCK_MIN_BYTES : needed_bytes;
}

/* What the tag of a used block of so many bytes must be. A header that was overwritten, or never
 * was one, has the right tag once in 65536 times. Fibonacci hashing (Knuth, TAOCP 3, 6.4) of
 * place and size, so that one byte too many over the size shows as well. */
static inline uint64_t block_check(const struct block *block, size_t bytes)
{
    return ((uintptr_t)block + bytes) * UINT64_C(0x9E3779B97F4A7C15) >> BLOCK_TAG_SHIFT;
}

/* Whether this is the header of a used block of the heap or of a mapping. */
static inline bool block_is_genuine(const struct block *block)
{
    uint64_t header = block_header(block);
    return (header & BLOCK_USED) &&
           header >> BLOCK_TAG_SHIFT == block_check(block, header & BLOCK_SIZE_MASK);
}

/* Makes it a used block. `flags` may hold BLOCK_PREVIOUS_USED and BLOCK_MAPPED. */
static inline void block_set_used(struct block *block, size_t bytes, uint64_t flags)
{
    uint64_t tag = block_check(block, bytes) << BLOCK_TAG_SHIFT;
    atomic_store_explicit(&block->header, tag | bytes | flags | BLOCK_USED, memory_order_relaxed);
}

/* Makes it a free block, footer included. The block before a free one is used: neighbours that
 * are both free have been joined. */
static inline void block_set_free(struct block *block, size_t bytes, uint32_t tag)
{
    uint64_t header = (uint64_t)tag << BLOCK_TAG_SHIFT | bytes | BLOCK_PREVIOUS_USED;
    atomic_store_explicit(&block->header, header, memory_order_relaxed);
    *(uint64_t *)((uintptr_t)block + bytes - sizeof(uint64_t)) = bytes;
}

static inline void block_set_previous_used(struct block *block, bool used)
{
    uint64_t header = block_header(block) & ~BLOCK_PREVIOUS_USED;
    header |= used ? BLOCK_PREVIOUS_USED : 0;
    atomic_store_explicit(&block->header, header, memory_order_relaxed);
}

#endif
