/*
 * The free blocks in order of size and, among equals, of address.
 *
 * Bins by size, a tree in each: one size a bin where sizes are small, 64 bins an octave above.
 * A bitmap of the bins that are not empty leads to the next one up or the last in a few
 * instructions, and the trees are small unless very many free blocks are alike.
 */
#ifndef HEAPMARK_FREELIST_SIZE_INDEX_H
#define HEAPMARK_FREELIST_SIZE_INDEX_H

#include "index.h"
#include "tree.h"

#define SIZE_EXACT_BITS   11 /* sizes under 2^11 units, so under 32 KiB, have a bin each */
#define SIZE_OCTAVE_BITS  6  /* bins of an octave above */
#define SIZE_BINS         ((size_t)((1 << SIZE_EXACT_BITS) + ((32 - SIZE_EXACT_BITS) << SIZE_OCTAVE_BITS)))
#define SIZE_BITMAP_WORDS ((SIZE_BINS + 63) / 64)

struct size_index {
    struct tree_space space;
    block_link roots[SIZE_BINS];
    uint64_t filled[SIZE_BITMAP_WORDS]; /* a bit a bin */
    uint64_t filled_words;              /* a bit a word of the above */
};

_Static_assert(SIZE_BITMAP_WORDS <= 64, "one word tells which words of the bitmap are not 0");

extern const struct index size_index;

/* The smallest block of at least `bytes` and the largest there is, each the lowest in address
 * among equals. NULL when there is none. */
struct block *size_index_smallest(const struct freelist *heap, size_t bytes);
struct block *size_index_largest(const struct freelist *heap);

#endif
