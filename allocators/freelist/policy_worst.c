/* Worst fit: the largest block. */
#include "policy.h"

static struct block *find(const struct freelist *heap, size_t bytes)
{
    struct block *block = size_index_largest(heap);

    return block != NULL && block_bytes(block) >= bytes ? block : NULL;
}

const struct policy policy = {.index = &size_index, .find = find};
