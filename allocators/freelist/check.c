/* The invariants of the heap, for HEAPMARK_DEBUG builds and tests. */
#include "policy.h"

#ifdef HEAPMARK_DEBUG

#include "os.h"

/* What the walk over the regions adds up, to be compared with what the heap knows. */
struct sum {
    size_t free_blocks;
    size_t free_bytes;
    size_t system_bytes;
};

static void check_free_block(const struct freelist *heap, const struct block *block)
{
    HEAP_ASSERT(block_previous_is_used(block));
    HEAP_ASSERT(block_is_used(block_next(block)));
    HEAP_ASSERT(!block_previous_is_used(block_next(block)));
    HEAP_ASSERT(block_previous(block_next(block)) == block);
    HEAP_ASSERT(policy.index->holds(heap, block));
}

static void check_region(const struct freelist *heap, const struct region *region, struct sum *sum)
{
    const struct block *marker = region_end_marker(region);
    const struct block *block = &region->first;

    HEAP_ASSERT(block_previous_is_used(block));
    for (; block < marker; block = block_next(block)) {
        HEAP_ASSERT(block_bytes(block) >= BLOCK_MIN_BYTES);
        if (block_is_used(block)) {
            HEAP_ASSERT(block_is_genuine(block));
            HEAP_ASSERT(block_previous_is_used(block_next(block)));
            continue;
        }
        check_free_block(heap, block);
        sum->free_blocks++;
        sum->free_bytes += block_bytes(block);
    }
    HEAP_ASSERT(block == marker);
    HEAP_ASSERT(block_is_genuine(marker) && block_bytes(marker) == 0);
    sum->system_bytes += region->end - (uintptr_t)region;
}

void freelist_check(const struct freelist *heap)
{
    struct sum sum = {0};

    for (const struct region *region = heap->top; region != NULL; region = region->older)
        check_region(heap, region, &sum);
    HEAP_ASSERT(sum.free_blocks == heap->free_blocks);
    HEAP_ASSERT(sum.free_bytes == heap->free_bytes);
    HEAP_ASSERT(sum.system_bytes <= heap->system_bytes);
}

#endif
