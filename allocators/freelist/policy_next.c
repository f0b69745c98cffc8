/* Next fit: first fit from where the last search ended (TAOCP 1, 2.5, exercise 6), and around. */
#include "policy.h"

static struct block *find(const struct freelist *heap, size_t bytes)
{
    struct block *block = address_index_first_from(heap, heap->rover, bytes);

    return block != NULL ? block : address_index_first(heap, bytes);
}

const struct policy policy = {.index = &address_index, .find = find};
