/*
 * The heap walk of heap_walk.h: the blocks of every span and the runs of free slices between them,
 * chunk by chunk, then the huge blocks and what waits to become one. Threads that work on their
 * heaps meanwhile would be seen half way: whoever walks lets them stand.
 */
#define HEAP_WALK_PROVIDER
#include "heap_walk.h"

#include <string.h>

#include "heap.h"
#include "huge.h"
#include "region.h"
#include "thread_heap.h"

struct walk {
    heap_visit_fn *visit;
    void *argument;
    bool go_on;
};

static void show(struct walk *walk, const void *address, size_t bytes, bool used)
{
    struct heap_block block = {.address = address, .bytes = bytes, .used = used};

    if (walk->go_on && bytes > 0)
        walk->go_on = walk->visit(walk->argument, &block);
}

static void show_small(struct walk *walk, const struct span *span)
{
    size_t block_bytes = size_class_bytes(span->size_class);

    for (size_t i = 0; i < span_carved(span); i++) {
        const void *block = span->start + i * block_bytes;
        show(walk, block, block_bytes, !block_is_free(span, block));
    }
    size_t carved_bytes = span_carved(span) * block_bytes;
    show(walk, span->start + carved_bytes, span->slices * SLICE_BYTES - carved_bytes, false);
}

static void show_chunk(void *argument, struct chunk *chunk)
{
    struct walk *walk = argument;
    unsigned run = 0; /* free slices before this one */

    for (unsigned i = 1; i < CHUNK_SLICES && walk->go_on;) {
        bool free = (chunk->free[i / 64] >> i % 64 & 1) != 0;
        const char *slice = (const char *)chunk + i * SLICE_BYTES;
        if (free) {
            run++, i++;
            continue;
        }
        show(walk, slice - run * SLICE_BYTES, run * SLICE_BYTES, false);
        run = 0;
        const struct span *span = chunk->map[i];
        /* Beyond the end of a chunk that is not whole. */
        if (span == &span_none)
            return;
        if (span->size_class == SPAN_LARGE)
            show(walk, span->start, span->slices * SLICE_BYTES, true);
        else
            show_small(walk, span);
        i += span->slices;
    }
    show(walk, (const char *)chunk + CHUNK_BYTES - run * SLICE_BYTES, run * SLICE_BYTES, false);
}

static bool show_huge(void *argument, void *payload, size_t bytes)
{
    struct walk *walk = argument;
    show(walk, payload, bytes, true);
    return walk->go_on;
}

static bool show_waiting(void *argument, void *mapping, size_t bytes)
{
    struct walk *walk = argument;
    show(walk, mapping, bytes, false);
    return walk->go_on;
}

int heapmark_heap_walk(heap_visit_fn *visit, void *argument)
{
    struct walk walk = {visit, argument, true};

    lock_acquire(&region_lock);
    region_each_chunk(show_chunk, &walk);
    lock_release(&region_lock);
    if (walk.go_on)
        huge_each(show_huge, &walk);
    if (walk.go_on)
        huge_each_waiting(show_waiting, &walk);
    return walk.go_on ? 0 : -1;
}
