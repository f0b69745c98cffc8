/*
 * Treaps (Aragon and Seidel 1989) whose nodes are free blocks, in order of size and, among
 * equals, of address. Every operation is O(log n) expected over the n blocks of a tree.
 *
 * A tree is its root alone, so that there can be thousands; what they share is the space.
 */
#ifndef HEAPMARK_FREELIST_TREE_H
#define HEAPMARK_FREELIST_TREE_H

#include "block.h"

struct tree_space {
    uintptr_t base;  /* what links count from */
    uint64_t random; /* state of the priorities' generator, never 0 */
};

/* Makes [block, block + bytes) a free block, tags and all, and enters it. */
void tree_insert(struct tree_space *space, block_link *root, struct block *block, size_t bytes);

/* Takes a free block out. Its tags stay as they are. */
void tree_remove(const struct tree_space *space, block_link *root, struct block *block);

/* The first block in order of at least `bytes`, or NULL. */
struct block *tree_first_from(const struct tree_space *space, block_link root, size_t bytes);

/* The last block in order; the tree is not empty. */
struct block *tree_last(const struct tree_space *space, block_link root);

#endif
