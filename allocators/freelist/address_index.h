/*
 * The free blocks in order of address, for "the first from here on that is large enough".
 *
 * The heap is cut into granules. Each has a list, in order of address, of the free blocks that
 * start in it, and the size of the largest of them; above stand levels of maxima over 16 each,
 * up to one group of 16. A search climbs and descends through groups of one cache line, and ends
 * in a list of at most a granule's worth of blocks: nothing grows with the number of free blocks
 * but the logarithm to base 16 of the heap's size.
 */
#ifndef HEAPMARK_FREELIST_ADDRESS_INDEX_H
#define HEAPMARK_FREELIST_ADDRESS_INDEX_H

#include "index.h"

#define ADDRESS_FAN         ((size_t)16) /* maxima of 4 bytes in a cache line */
#define ADDRESS_LEVELS_MOST 8

struct address_index {
    size_t granules; /* room for so many, a multiple of ADDRESS_FAN; 0 before the first */
    unsigned levels;
    void *tables; /* one mapping that holds all of the below */
    size_t tables_bytes;
    block_link *first; /* of each granule's list */
    /* largest[0][g] is of granule g, largest[n + 1][i] of largest[n][16 i] to [16 i + 15]; in
     * units. The last level is one group. */
    uint32_t *largest[ADDRESS_LEVELS_MOST];
};

extern const struct index address_index;

/* The lowest block of at least `bytes`, or NULL. */
struct block *address_index_first(const struct freelist *heap, size_t bytes);

/* The lowest block that starts at `address` or above and has at least `bytes`, or NULL. */
struct block *address_index_first_from(const struct freelist *heap, uintptr_t address,
                                       size_t bytes);

#endif
