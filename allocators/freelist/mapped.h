/*
 * Large blocks: each a mapping of its own, given back as soon as it is freed.
 *
 * The functions take the heap's lock, which guards the list, by themselves, and make their system
 * calls outside it.
 */
#ifndef HEAPMARK_FREELIST_MAPPED_H
#define HEAPMARK_FREELIST_MAPPED_H

#include "block.h"
#include "lock.h"

/* Stands right before the payload; ends in a header with BLOCK_MAPPED and no size. */
struct mapped {
    struct mapped *next, *previous;
    uintptr_t start; /* of the mapping: below this by more than nothing when over-aligned */
    size_t bytes;    /* of the mapping */
    uint64_t unused; /* puts the header right before an aligned payload */
    _Atomic uint64_t header;
};

_Static_assert(sizeof(struct mapped) % HEAP_ALIGNMENT == 0, "payloads are aligned");

struct mapped_list {
    struct mapped *first;
    size_t count;
    size_t bytes;
};

/* NULL without memory. The payload reads as zero. `alignment` is at least HEAP_ALIGNMENT. */
void *mapped_allocate(struct mapped_list *list, struct lock *lock, size_t bytes, size_t alignment);
void mapped_release(struct mapped_list *list, struct lock *lock, void *payload);
/* By mremap; NULL leaves the block as it was. */
void *mapped_resize(struct mapped_list *list, struct lock *lock, void *payload, size_t bytes);
size_t mapped_usable_bytes(const void *payload);

static inline struct mapped *mapped_of_payload(const void *payload)
{
    return (struct mapped *)((uintptr_t)payload - sizeof(struct mapped));
}

#endif
