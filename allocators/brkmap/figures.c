/*
 * The counters of brkmap.h, read off the spans when somebody asks, under the locks.
 *
 * Owners do not take a lock to allocate, so their spans change while they are read: each word is
 * read once and kept within its bounds, and links are followed only where blocks of ours can be.
 * What comes of it may be some blocks off, but never leads astray. The thread sanitizer would be
 * right to speak of races, and is told not to.
 */
#define BRKMAP_PROVIDER
#include "brkmap.h"

#include <string.h>

#include "heap.h"
#include "huge.h"
#include "os.h"
#include "region.h"
#include "thread_heap.h"

#define RACY __attribute__((no_sanitize("thread")))
/* One load, whatever others store meanwhile. */
#define READ(field) __atomic_load_n(&(field), __ATOMIC_RELAXED)

struct reading {
    struct brkmap_totals totals;
    struct brkmap_class classes[SIZE_CLASSES];
    bool wants_resident; /* which takes a system call a chunk */
    struct brkmap_heap *heaps;
    size_t room;
    struct brkmap_heap no_room; /* for all others */
};

static size_t least(size_t one, size_t other)
{
    return one < other ? one : other;
}

static struct brkmap_heap *row_of(struct reading *reading, const struct heap_of_thread *heap)
{
    return heap != NULL && heap->place < reading->room ? &reading->heaps[heap->place]
                                                       : &reading->no_room;
}

RACY static void read_small(struct reading *reading, const struct span *span, unsigned size_class)
{
    size_t block_bytes = size_class_bytes(size_class);
    size_t span_bytes = READ(span->slices) * SLICE_BYTES;
    size_t carved = span_carved(span), used = thread_heap_used_blocks(span);
    struct brkmap_class *class = &reading->classes[size_class];
    struct brkmap_heap *row = row_of(reading, span_heap(span));

    carved = least(carved, span_bytes / block_bytes);
    used = least(used, carved);
    class->spans++;
    class->span_bytes += span_bytes;
    class->used_blocks += used;
    class->free_blocks += carved - used;
    row->spans++;
    row->span_bytes += span_bytes;
    row->used_blocks += used;
    row->used_bytes += used * block_bytes;
    row->cached_bytes += (carved - used) * block_bytes;
    reading->totals.live_blocks += used;
    reading->totals.live_bytes += used * block_bytes;
    reading->totals.cached_bytes += (carved - used) * block_bytes;
}

RACY static void read_span(struct reading *reading, const struct span *span)
{
    struct brkmap_totals *totals = &reading->totals;
    unsigned size_class = READ(span->size_class);

    if (size_class == SPAN_LARGE) {
        size_t bytes = least(READ(span->large_bytes), span->slices * SLICE_BYTES);
        if (bytes == 0)
            totals->table_bytes += span->slices * SLICE_BYTES;
        totals->large_bytes += bytes;
        totals->large_blocks += bytes > 0;
    } else if (size_class < SIZE_CLASSES) {
        read_small(reading, span, size_class);
    }
    /* Else it has been taken a moment ago, and is not yet anything. */
}

static void read_chunk(void *argument, struct chunk *chunk)
{
    struct reading *reading = argument;
    unsigned end = 1; /* a chunk that is not whole ends before the last slice */

    for (unsigned i = 1; i < CHUNK_SLICES; i++) {
        const struct span *span = chunk->map[i];
        if (span != &span_none || (chunk->free[i / 64] >> i % 64 & 1) != 0)
            end = i + 1;
        if (span != &span_none && span->first_slice == i)
            read_span(reading, span);
    }
    reading->totals.table_bytes += SLICE_BYTES;
    if (reading->wants_resident)
        reading->totals.resident_bytes += os_resident_bytes(chunk, end * SLICE_BYTES);
}

/* The size of a block in an inbox, 0 when it cannot be one: it has been taken out meanwhile, and
 * its link is a program's data. Its span may have gone to another heap, and the block is to follow.
 */
RACY static size_t waiting_bytes(const void *block)
{
    const struct chunk *chunk = region_chunk_of(block);
    const struct span *span = chunk == NULL ? &span_none : chunk->map[slice_of(block)];
    unsigned size_class = READ(span->size_class);

    if (size_class >= SIZE_CLASSES)
        return 0;
    size_t offset = (size_t)((const char *)block - span->start);
    size_t block_bytes = size_class_bytes(size_class);
    return offset % block_bytes == 0 && offset / block_bytes < span_carved(span) ? block_bytes : 0;
}

/* What waits in a heap's boxes. */
RACY static void read_boxes(struct reading *reading, struct heap_of_thread *heap)
{
    const struct free_block *block = atomic_load_explicit(&heap->inbox, memory_order_acquire);
    struct brkmap_heap *row = row_of(reading, heap);
    size_t in_blocks = 0, in_bytes = 0, out_blocks = 0, out_bytes = 0, block_bytes;

    /* The bound is for links that lead in a circle, which what was taken out meanwhile may. */
    while (in_blocks < reading->totals.live_blocks && (block_bytes = waiting_bytes(block)) > 0) {
        in_blocks++;
        in_bytes += block_bytes;
        block = block_mail_next(block, READ(block->next));
    }
    for (unsigned i = 0; i < OUTBOXES; i++) {
        out_blocks += READ(heap->outbox[i].blocks);
        out_bytes += READ(heap->outbox[i].bytes);
    }
    row->inbox_blocks += in_blocks;
    row->inbox_bytes += in_bytes;
    row->outbox_blocks += out_blocks;
    row->outbox_bytes += out_bytes;
    reading->totals.waiting_blocks += in_blocks + out_blocks;
    reading->totals.waiting_bytes += in_bytes + out_bytes;
}

static void read_heaps(struct reading *reading)
{
    struct brkmap_totals *totals = &reading->totals;
    struct heap_of_thread *all = thread_heap_all();

    for (struct heap_of_thread *heap = all; heap != NULL; heap = heap->next) {
        heap->place = (uint32_t)totals->heaps++;
        totals->orphans += heap->orphan;
        struct brkmap_heap *row = row_of(reading, heap);
        row->orphan = heap->orphan;
        row->mine = heap == thread_cache.heap;
    }
    region_each_chunk(read_chunk, reading);
    for (struct heap_of_thread *heap = all; heap != NULL; heap = heap->next)
        read_boxes(reading, heap);
    totals->live_blocks -= least(totals->live_blocks, totals->waiting_blocks);
    totals->live_bytes -= least(totals->live_bytes, totals->waiting_bytes);
}

static bool read_mapping(void *argument, void *mapping, size_t bytes)
{
    struct reading *reading = argument;
    reading->totals.resident_bytes += os_resident_bytes(mapping, bytes);
    return true;
}

static void read_all(struct reading *reading)
{
    struct brkmap_totals *totals = &reading->totals;

    for (unsigned i = 0; i < SIZE_CLASSES; i++)
        reading->classes[i].block_bytes = size_class_bytes(i);
    lock_acquire(&region_lock);
    read_heaps(reading);
    lock_release(&region_lock);
    if (reading->wants_resident) {
        huge_each(read_mapping, reading);
        huge_each_waiting(read_mapping, reading);
    }

    struct region_figures of_region = region_figures();
    struct huge_figures of_huge = huge_figures();
    totals->huge_bytes = of_huge.live_bytes;
    totals->huge_blocks = of_huge.live_blocks;
    totals->large_bytes += of_huge.live_bytes;
    totals->large_blocks += of_huge.live_blocks;
    totals->live_bytes += totals->large_bytes;
    totals->live_blocks += totals->large_blocks;
    totals->pool_bytes = of_huge.pooled_bytes;
    totals->cached_bytes +=
        totals->waiting_bytes + of_region.dirty_free_bytes + of_huge.pooled_bytes;
    totals->system_bytes = of_region.system_bytes + of_huge.live_bytes + of_huge.pooled_bytes;
    totals->purges = of_region.purges;
    totals->purged_bytes = of_region.purged_bytes;
    totals->reused_bytes = of_region.reused_bytes;
}

struct brkmap_totals brkmap_read_totals(void)
{
    struct reading reading = {.wants_resident = true};

    read_all(&reading);
    return reading.totals;
}

size_t brkmap_read_classes(struct brkmap_class *classes, size_t room)
{
    struct reading reading = {0};

    read_all(&reading);
    for (size_t i = 0; i < SIZE_CLASSES && i < room; i++)
        classes[i] = reading.classes[i];
    return SIZE_CLASSES;
}

size_t brkmap_read_heaps(struct brkmap_heap *heaps, size_t room)
{
    struct reading reading = {.heaps = heaps, .room = room};

    memset(heaps, 0, room * sizeof(*heaps));
    read_all(&reading);
    return reading.totals.heaps;
}

struct heap_statistics heap_statistics(void)
{
    struct reading reading = {0};
    const struct brkmap_totals *totals = &reading.totals;
    size_t free_blocks = 0;

    read_all(&reading);
    for (unsigned i = 0; i < SIZE_CLASSES; i++)
        free_blocks += reading.classes[i].free_blocks;
    struct region_figures of_region = region_figures();
    return (struct heap_statistics){
        .system_bytes = of_region.system_bytes,
        .free_bytes = of_region.system_bytes - (totals->live_bytes - totals->huge_bytes),
        .free_blocks = free_blocks,
        .top_bytes = of_region.top_bytes,
        .mapped_bytes = totals->huge_bytes,
        .mapped_blocks = totals->huge_blocks,
    };
}
