/*
 * The heap walk: how an allocator shows its heap to whoever wants to look at it.
 *
 * A preloaded allocator that exports `heapmark_heap_walk` lets the harness measure the
 * largest free block, the free total and so the external fragmentation. One that does not
 * loses nothing but those figures. Users declare the symbol weak and test it for NULL.
 */
#ifndef HEAPMARK_HEAP_WALK_H
#define HEAPMARK_HEAP_WALK_H

#include <stdbool.h>
#include <stddef.h>

/* One block as the allocator sees it: `bytes` counts the whole block, header included. */
struct heap_block {
    const void *address;
    size_t bytes;
    bool used;
};

/* Called once a block, in address order within a region. Returns false to end the walk.
 * It runs with the heap locked and must neither allocate nor free. */
typedef bool heap_visit_fn(void *argument, const struct heap_block *block);

/* The library that defines the function says so before it includes this; for all others it is
 * a weak symbol, NULL when no preloaded library has one. */
#ifdef HEAP_WALK_PROVIDER
#define HEAP_WALK_SYMBOL __attribute__((visibility("default")))
#else
#define HEAP_WALK_SYMBOL __attribute__((weak))
#endif

/* Visits every block of every region. Returns 0, or -1 when the visitor ended the walk. */
int heapmark_heap_walk(heap_visit_fn *visit, void *argument) HEAP_WALK_SYMBOL;

#endif
