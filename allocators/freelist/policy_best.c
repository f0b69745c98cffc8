/* Best fit: the smallest block that fits. */
#include "policy.h"

static struct block *find(const struct freelist *heap, size_t bytes)
{
    return size_index_smallest(heap, bytes);
}

const struct policy policy = {.index = &size_index, .find = find};
