/* Memory from the break: growing and shrinking the heap at its top. */
#include "os.h"
#include "policy.h"

/* Taken beyond what is needed, and left when memory is given back, so that a heap that breathes
 * does not call the system each time. */
#define TOP_PAD_BYTES  ((size_t)128 << 10)
#define MIN_GIVE_BYTES ((size_t)128 << 10) /* less is not worth a system call */

#define SPAN_BYTES ((uintptr_t)BLOCK_UNITS_MOST * BLOCK_UNIT_BYTES)

static const char break_moved_below[] =
    "another user of sbrk has moved the break below the heap's top";

struct block *region_top_block(const struct freelist *heap)
{
    if (heap->top == NULL)
        return NULL;
    const struct block *marker = region_end_marker(heap->top);
    return block_previous_is_used(marker) ? NULL : block_previous(marker);
}

/* Moves the break from `now` to `target`, and gets the index ready for it. Returns where the break
 * really was, with the new break in *end, or 0. */
static uintptr_t break_move(struct freelist *heap, uintptr_t now, uintptr_t target, uintptr_t *end)
{
    if (heap->base == 0)
        heap->base = now & ~(HEAP_ALIGNMENT - 1);
    if (target - heap->base > SPAN_BYTES)
        return 0;
    uintptr_t start = (uintptr_t)os_break_grow(target - now);
    if (start == 0)
        return 0;
    if (start < now)
        os_abort(break_moved_below);
    *end = start + (target - now);
    if (policy.index->reserve(heap, *end))
        return start;
    if ((uintptr_t)os_break_now() == *end)
        os_break_shrink(target - now);
    return 0;
}

/* Takes `bytes` and the pad from the break, or `bytes` alone, page-rounded; see break_move. */
static uintptr_t break_take(struct freelist *heap, uintptr_t now, size_t bytes, uintptr_t *end)
{
    uintptr_t least = heap_round_up(now + bytes, os_page_bytes());
    uintptr_t start = break_move(heap, now, least + TOP_PAD_BYTES, end);

    return start != 0 ? start : break_move(heap, now, least, end);
}

/* Makes [start, end) the top region, all of it one free block. */
static struct block *region_open(struct freelist *heap, uintptr_t start, uintptr_t end)
{
    struct region *region = (struct region *)heap_round_up(start, HEAP_ALIGNMENT);

    region->older = heap->top;
    region->end = end & ~(HEAP_ALIGNMENT - 1);
    heap->top = region;
    heap->system_bytes += end - start;

    struct block *marker = region_end_marker(region);
    block_set_used(marker, 0, 0);
    free_insert(heap, &region->first, (uintptr_t)marker - (uintptr_t)&region->first);
    return &region->first;
}

/* The top region reaches to `end` from now on. */
static struct block *region_extend(struct freelist *heap, uintptr_t end)
{
    struct block *last = region_top_block(heap);
    struct block *start = region_end_marker(heap->top);

    heap->system_bytes += end - heap->top->end;
    heap->top->end = end;
    struct block *marker = region_end_marker(heap->top);
    block_set_used(marker, 0, 0);
    if (last == NULL) {
        free_insert(heap, start, (uintptr_t)marker - (uintptr_t)start);
        return start;
    }
    free_replace(heap, last, last, (uintptr_t)marker - (uintptr_t)last);
    return last;
}

struct block *region_grow(struct freelist *heap, size_t bytes)
{
    uintptr_t now = (uintptr_t)os_break_now();
    uintptr_t end;

    if (now == 0)
        return NULL;
    if (heap->top != NULL && now < heap->top->end)
        os_abort(break_moved_below);
    if (heap->top != NULL && now == heap->top->end) {
        struct block *last = region_top_block(heap);
        size_t have_bytes = last == NULL ? 0 : block_bytes(last);
        HEAP_ASSERT(have_bytes < bytes);
        uintptr_t start = break_take(heap, now, bytes - have_bytes, &end);
        if (start == now)
            return region_extend(heap, end);
        if (start == 0)
            return NULL;
        /* Somebody moved the break since we looked: what we got is lost, and a gap with it. */
        now = (uintptr_t)os_break_now();
    }
    /* Not next to the top: a region of its own, large enough wherever it starts. */
    size_t region_bytes = bytes + sizeof(struct region) + BLOCK_MIN_BYTES + HEAP_ALIGNMENT;
    uintptr_t start = break_take(heap, now, region_bytes, &end);
    return start == 0 ? NULL : region_open(heap, start, end);
}

bool region_shrink(struct freelist *heap, size_t keep_bytes)
{
    struct block *last = region_top_block(heap);

    /* What is left is a whole block. */
    if (keep_bytes < BLOCK_MIN_BYTES)
        keep_bytes = BLOCK_MIN_BYTES;
    if (last == NULL || block_bytes(last) <= keep_bytes)
        return false;
    size_t bytes = block_bytes(last);
    size_t give_bytes = (bytes - keep_bytes) & ~(os_page_bytes() - 1);
    if (give_bytes == 0 || (uintptr_t)os_break_now() != heap->top->end)
        return false;
    /* While all of the block is still there to be read and written. */
    free_replace(heap, last, last, bytes - give_bytes);
    if (!os_break_shrink(give_bytes)) {
        free_replace(heap, last, last, bytes);
        return false;
    }
    heap->system_bytes -= give_bytes;
    heap->top->end -= give_bytes;
    block_set_used(region_end_marker(heap->top), 0, 0);
    return true;
}

void region_shrink_if_large(struct freelist *heap, const struct block *block)
{
    if (block_bytes(block) >= TOP_PAD_BYTES + MIN_GIVE_BYTES &&
        block_next(block) == region_end_marker(heap->top))
        region_shrink(heap, TOP_PAD_BYTES);
}
