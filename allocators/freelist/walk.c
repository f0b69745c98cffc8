/*
 * The heap walk of heap_walk.h: the blocks of each region, the newest region first, then every
 * mapping as a used block. Mappings hold no free space, so they change nothing about external
 * fragmentation; they are there because they are blocks.
 */
#define HEAP_WALK_PROVIDER
#include "heap_walk.h"

#include "freelist.h"

static bool visit_region(const struct region *region, heap_visit_fn *visit, void *argument)
{
    const struct block *marker = region_end_marker(region);

    for (const struct block *block = &region->first; block != marker; block = block_next(block)) {
        struct heap_block seen = {
            .address = block,
            .bytes = block_bytes(block),
            .used = block_is_used(block),
        };
        if (!visit(argument, &seen))
            return false;
    }
    return true;
}

static bool visit_mapped(const struct mapped *mapped, heap_visit_fn *visit, void *argument)
{
    struct heap_block seen = {
        .address = (const void *)mapped->start,
        .bytes = mapped->bytes,
        .used = true,
    };
    return visit(argument, &seen);
}

int heapmark_heap_walk(heap_visit_fn *visit, void *argument)
{
    struct freelist *heap = freelist_heap();
    bool go_on = true;

    lock_acquire(&heap->lock);
    for (const struct region *region = heap->top; go_on && region != NULL; region = region->older)
        go_on = visit_region(region, visit, argument);
    for (const struct mapped *mapped = heap->mapped.first; go_on && mapped != NULL;
         mapped = mapped->next)
        go_on = visit_mapped(mapped, visit, argument);
    lock_release(&heap->lock);
    return go_on ? 0 : -1;
}
