/* First fit: the lowest block that fits. */
#include "policy.h"

static struct block *find(const struct freelist *heap, size_t bytes)
{
    return address_index_first(heap, bytes);
}

const struct policy policy = {.index = &address_index, .find = find};
