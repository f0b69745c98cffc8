/*
 * What is to die, and when: a binary heap, the earliest first; among equals the smaller `tie`.
 */
#ifndef HEAPMARK_DUE_HEAP_H
#define HEAPMARK_DUE_HEAP_H

#include <stddef.h>
#include <stdint.h>

struct due {
    uint64_t when, tie;
    uint32_t block;
    uint32_t life; /* of the block: a number used again is another life */
};

struct due_heap {
    struct due *due; /* owned */
    size_t count, capacity;
};

/* Returns 0, or -1 when memory is short. */
int due_heap_add(struct due_heap *heap, const struct due *due);
/* Takes the earliest out of a heap that is not empty. */
struct due due_heap_take(struct due_heap *heap);
void due_heap_release(struct due_heap *heap);

#endif
