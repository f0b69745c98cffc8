/*
 * What finds free blocks. There are two, and a policy uses one of them: by address and by size.
 * Both are exact: they hold every free block and answer for the order in full.
 */
#ifndef HEAPMARK_FREELIST_INDEX_H
#define HEAPMARK_FREELIST_INDEX_H

#include "block.h"

struct freelist;

struct index {
    /* Gets ready for a heap whose blocks lie in [base, end). False without memory for it, and
     * then all is as it was. Called before the heap grows; never shrinks. */
    bool (*reserve)(struct freelist *heap, uintptr_t end);
    /* Makes [block, block + bytes) a free block, tags and all, and enters it. */
    void (*insert)(struct freelist *heap, struct block *block, size_t bytes);
    /* Takes a free block out. Its tags stay as they are, for the caller to overwrite. */
    void (*remove)(struct freelist *heap, struct block *block);
    /* remove(old) and insert(block, bytes) in one, where the two overlap or adjoin and no other
     * free block lies between. */
    void (*replace)(struct freelist *heap, struct block *old, struct block *block, size_t bytes);
    /* Whether a free block is where it should be and all that is known of it true; O(blocks). */
    bool (*holds)(const struct freelist *heap, const struct block *block);
};

#endif
