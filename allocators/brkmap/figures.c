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
    struct region_figures region;
    bool wants_resident; /* which takes a system call a chunk */
    struct brkmap_heap *heaps;
    size_t room;
    struct brkmap_heap no_room; /* for all others */
};

static struct brkmap_heap *row_of(struct reading *reading, const struct heap_of_thread *heap)
{
    return heap != NULL ? heap->figures : &reading->no_room;
}

static void read_resident(struct reading *reading, const void *address, size_t bytes)
{
    if (reading->wants_resident)
        reading->totals.resident_bytes += os_resident_bytes(address, bytes);
}

RACY static void read_small(struct reading *reading, const struct span *span, unsigned size_class)
{
    size_t block_bytes = size_class_bytes(size_class), bytes = span->slices * SLICE_BYTES;
    size_t carved = heap_least(span_carved(span), bytes / block_bytes);
    size_t used = heap_least(thread_heap_used_blocks(span), carved);
    struct brkmap_class *class = &reading->classes[size_class];
    struct brkmap_heap *row = row_of(reading, span_heap(span));

    class->spans++;
    class->span_bytes += bytes;
    class->used_blocks += used;
    class->free_blocks += carved - used;
    row->spans++;
    row->span_bytes += bytes;
    row->used_blocks += used;
    row->used_bytes += used * block_bytes;
    row->cached_bytes += (carved - used) * block_bytes;
}

RACY static void read_span(struct reading *reading, const struct span *span)
{
    unsigned size_class = READ(span->size_class);
    size_t large_bytes = heap_least(READ(span->large_bytes), span->slices * SLICE_BYTES);

    if (size_class < SIZE_CLASSES) {
        read_small(reading, span, size_class);
    } else if (size_class == SPAN_LARGE) {
        reading->totals.large_bytes += large_bytes;
        reading->totals.large_blocks++;
    }
    /* Else it has been taken a moment ago, and is not yet anything. */
}

static void read_chunk(void *argument, struct chunk *chunk)
{
    struct reading *reading = argument;

    for (unsigned i = 1; i < chunk->slices; i++)
        if (chunk_span(chunk, i) != &span_none && chunk_span(chunk, i)->first_slice == i)
            read_span(reading, chunk_span(chunk, i));
    reading->totals.table_bytes += SLICE_BYTES;
    read_resident(reading, chunk, chunk->slices * SLICE_BYTES);
}

/* The size of a block in an inbox, 0 when it cannot be one: it has been taken out meanwhile, and
 * its link is a program's data. Its span may have gone to another heap, and the block is to follow.
 */
RACY static size_t waiting_bytes(const void *block)
{
    const struct span *span = region_chunk_of(block) == NULL ? &span_none : span_around(block);
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
    struct brkmap_heap *row = heap->figures;
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

    for (struct heap_of_thread *heap = thread_heap_all(); heap != NULL; heap = heap->next) {
        bool fits = totals->heaps < reading->room;
        heap->figures = fits ? &reading->heaps[totals->heaps] : &reading->no_room;
        *heap->figures =
            (struct brkmap_heap){.orphan = heap->orphan, .mine = heap == thread_cache.heap};
        totals->orphans += heap->orphan;
        totals->heaps++;
        totals->table_bytes += sizeof(*heap);
        totals->resident_bytes += sizeof(*heap);
        totals->system_bytes += sizeof(*heap);
    }
    region_each_chunk(read_chunk, reading);
    for (unsigned i = 0; i < SIZE_CLASSES; i++) {
        struct brkmap_class *class = &reading->classes[i];
        class->block_bytes = size_class_bytes(i);
        totals->live_blocks += class->used_blocks;
        totals->live_bytes += class->used_blocks * class->block_bytes;
        totals->cached_bytes += class->free_blocks * class->block_bytes;
    }
    for (struct heap_of_thread *heap = thread_heap_all(); heap != NULL; heap = heap->next)
        read_boxes(reading, heap);
    totals->live_blocks -= heap_least(totals->live_blocks, totals->waiting_blocks);
    totals->live_bytes -= heap_least(totals->live_bytes, totals->waiting_bytes);
}

static bool read_huge(void *argument, const struct heap_block *block)
{
    struct reading *reading = argument;

    if (block->used) {
        reading->totals.huge_blocks++;
        reading->totals.huge_bytes += block->bytes;
    } else {
        reading->totals.pool_bytes += block->bytes;
    }
    read_resident(reading, block->address, block->bytes);
    return true;
}

static void read_all(struct reading *reading)
{
    struct brkmap_totals *totals = &reading->totals;

    lock_acquire(&region_lock);
    read_heaps(reading);
    lock_release(&region_lock);
    huge_each(read_huge, reading);
    reading->region = region_figures();
    totals->large_bytes += totals->huge_bytes;
    totals->large_blocks += totals->huge_blocks;
    totals->live_bytes += totals->large_bytes;
    totals->live_blocks += totals->large_blocks;
    totals->cached_bytes +=
        totals->waiting_bytes + reading->region.dirty_free_bytes + totals->pool_bytes;
    totals->system_bytes += reading->region.system_bytes + totals->huge_bytes + totals->pool_bytes;
    totals->purges = reading->region.purges;
    totals->purged_bytes = reading->region.purged_bytes;
    totals->reused_bytes = reading->region.reused_bytes;
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
    for (size_t i = 0; i < room && i < SIZE_CLASSES; i++)
        classes[i] = reading.classes[i];
    return SIZE_CLASSES;
}

size_t brkmap_read_heaps(struct brkmap_heap *heaps, size_t room)
{
    struct reading reading = {.heaps = heaps, .room = room};

    read_all(&reading);
    return reading.totals.heaps;
}

struct heap_statistics heap_statistics(void)
{
    struct reading reading = {0};
    size_t free_blocks = 0;

    read_all(&reading);
    for (unsigned i = 0; i < SIZE_CLASSES; i++)
        free_blocks += reading.classes[i].free_blocks;
    return (struct heap_statistics){
        .system_bytes = reading.region.system_bytes,
        .free_bytes =
            reading.region.system_bytes - (reading.totals.live_bytes - reading.totals.huge_bytes),
        .free_blocks = free_blocks,
        .top_bytes = reading.region.top_bytes,
        .mapped_bytes = reading.totals.huge_bytes,
        .mapped_blocks = reading.totals.huge_blocks,
    };
}
