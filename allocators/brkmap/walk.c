/*
 * The heap walk of heap_walk.h: the blocks of every span and the runs of free slices between them,
 * chunk by chunk, then the huge blocks and what waits to become one. Threads that work on their
 * heaps meanwhile would be seen half way: whoever walks lets them stand.
 */
#define HEAP_WALK_PROVIDER
#include "heap_walk.h"

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
    size_t carved_bytes = span_carved(span) * block_bytes;

    for (size_t at = 0; at < carved_bytes; at += block_bytes) {
        const void *block = span->start + at;
        show(walk, block, block_bytes, !block_is_free(span, block));
    }
    show(walk, span->start + carved_bytes, span->slices * SLICE_BYTES - carved_bytes, false);
}

static void show_chunk(void *argument, struct chunk *chunk)
{
    struct walk *walk = argument;
    unsigned first = 1;

    while (first < chunk->slices && walk->go_on) {
        const struct span *span = chunk_span(chunk, first);
        unsigned end = first + span->slices;
        if (span == &span_none) {
            while (end < chunk->slices && chunk_span(chunk, end) == &span_none)
                end++;
            show(walk, (char *)chunk + first * SLICE_BYTES, (end - first) * SLICE_BYTES, false);
        } else if (span->size_class == SPAN_LARGE) {
            show(walk, span->start, span->slices * SLICE_BYTES, true);
        } else {
            show_small(walk, span);
        }
        first = end;
    }
}

int heapmark_heap_walk(heap_visit_fn *visit, void *argument)
{
    struct walk walk = {visit, argument, true};

    lock_acquire(&region_lock);
    region_each_chunk(show_chunk, &walk);
    lock_release(&region_lock);
    return walk.go_on && huge_each(visit, argument) ? 0 : -1;
}
