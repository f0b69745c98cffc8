/*
 * Where chunks come from: the break, in steps that grow with the heap; chunk-sized mappings where
 * the break cannot move. Chunks that follow one another from the first on are found by two
 * comparisons (span_range), others (somebody else has moved the break, or it stands against
 * something) in a table by address.
 */
#include <string.h>

#include "heap.h"
#include "os.h"
#include "region_internal.h"
#include "span_table.h"

/* The break moves by 1/16 of the heap, within these: fewer system calls, and address space only. */
#define STEP_CHUNKS_MAX 16
#define STEP_SHARE      16
/* Where a whole chunk is refused, a part of one; the smallest worth it. */
#define PART_BYTES_MIN ((size_t)128 << 10)

/* Chunks outside of span_range: open addressing, never removed, read without the lock. A larger
 * table is filled before it is published, and the old one stays: readers may be in it. */
struct far_table {
    size_t mask;
    _Atomic uintptr_t slot[];
};
static _Atomic(struct far_table *) far_chunks;
static size_t far_count;

static size_t far_hash(uintptr_t chunk)
{
    return (chunk >> CHUNK_SHIFT) * UINT64_C(0x9e3779b97f4a7c15) >> 32;
}

static void far_insert(struct far_table *table, uintptr_t chunk)
{
    size_t i = far_hash(chunk) & table->mask;
    while (atomic_load_explicit(&table->slot[i], memory_order_relaxed) != 0)
        i = (i + 1) & table->mask;
    /* Release: who finds the address finds the chunk's header written; pairs with far_has. */
    atomic_store_explicit(&table->slot[i], chunk, memory_order_release);
}

static bool far_has(uintptr_t chunk)
{
    struct far_table *table = atomic_load_explicit(&far_chunks, memory_order_acquire);
    if (table == NULL)
        return false;
    for (size_t i = far_hash(chunk) & table->mask;; i = (i + 1) & table->mask) {
        uintptr_t found = atomic_load_explicit(&table->slot[i], memory_order_acquire);
        if (found == chunk || found == 0)
            return found == chunk;
    }
}

/* With the lock held. */
static bool far_add(uintptr_t chunk)
{
    struct far_table *table = atomic_load_explicit(&far_chunks, memory_order_relaxed);

    if (table == NULL || 2 * (far_count + 1) > table->mask) {
        size_t slots = table == NULL ? 256 : 2 * (table->mask + 1);
        size_t bytes = sizeof(struct far_table) + slots * sizeof(uintptr_t);
        struct far_table *larger = os_map(heap_round_up(bytes, os_page_bytes()));
        if (larger == NULL)
            return false;
        larger->mask = slots - 1;
        for (size_t i = 0; table != NULL && i <= table->mask; i++)
            if (atomic_load_explicit(&table->slot[i], memory_order_relaxed) != 0)
                far_insert(larger, atomic_load_explicit(&table->slot[i], memory_order_relaxed));
        /* Release pairs with the acquire in far_has. */
        atomic_store_explicit(&far_chunks, larger, memory_order_release);
        table = larger;
    }
    far_insert(table, chunk);
    far_count++;
    return true;
}

struct chunk *region_chunk_of(const void *address)
{
    uintptr_t offset = (uintptr_t)address - span_range.low;
    struct chunk *chunk = chunk_around(address);

    if (offset < atomic_load_explicit(&span_range.bytes, memory_order_acquire))
        return chunk;
    return far_has((uintptr_t)chunk) ? chunk : NULL;
}

/* Makes a chunk of memory that reads as zero, of which the first `bytes` are there. */
static struct chunk *chunk_make(uintptr_t start, size_t bytes)
{
    struct chunk *chunk = (struct chunk *)start;
    size_t range_bytes = atomic_load_explicit(&span_range.bytes, memory_order_relaxed);
    bool joins = range_bytes == 0 || start == span_range.low + range_bytes;
    unsigned slices = (unsigned)(bytes / SLICE_BYTES) - 1;
    size_t header_bytes = heap_round_up(sizeof(struct chunk), os_page_bytes());

    if (!region_show(chunk, header_bytes))
        return NULL;
    region_hide((char *)chunk + header_bytes, bytes - header_bytes);
    if (HARDENED && region.chunk_count == 0)
        block_begin();
    for (unsigned i = 0; i < CHUNK_SLICES; i++)
        chunk_set_span(chunk, i, &span_none);
    chunk->free = bits_run(1, slices);
    chunk->index = (unsigned)region.chunk_count;
    chunk->slices = slices + 1;
    if (joins) {
        if (range_bytes == 0)
            span_range.low = start;
        /* Release: who sees the range finds the header; pairs with region_chunk_of. */
        atomic_store_explicit(&span_range.bytes, range_bytes + CHUNK_BYTES, memory_order_release);
    } else if (!far_add(start)) {
        return NULL;
    }
    chunk->previous = region.last;
    if (region.last != NULL)
        region.last->next = chunk;
    else
        region.first = chunk;
    region.last = chunk;
    region.chunk_count++;
    span_table_grow(chunk, region.chunk_count);
    region.free_slices += slices;
    region.system_bytes += bytes;
    return chunk;
}

/* Moves the break up so that `bytes` from a chunk's border on are ours: [fresh, fresh_end). */
static bool break_take(size_t bytes)
{
    /* Somebody else may move it between our two looks; not again and again. */
    for (int tries = 0; tries < 4; tries++) {
        uintptr_t now = (uintptr_t)os_break_now();
        if (now == 0)
            return false;
        if (now < region.break_top)
            os_abort("another user of sbrk has moved the break below the heap's top");
        uintptr_t start = heap_round_up(now, CHUNK_BYTES);
        uintptr_t got = (uintptr_t)os_break_grow(start - now + bytes);
        if (got == 0)
            return false;
        region.break_top = got + (start - now) + bytes;
        uintptr_t usable = heap_round_up(got, CHUNK_BYTES);
        if (usable + PART_BYTES_MIN > region.break_top)
            continue;
        uintptr_t padding = heap_round_up(got, os_page_bytes());
        region_hide((void *)padding, usable - padding);
        region.fresh = usable;
        region.fresh_end = usable + (region.break_top - usable) / SLICE_BYTES * SLICE_BYTES;
        return true;
    }
    return false;
}

static bool break_extend(size_t least_bytes)
{
    size_t step_chunks = region.chunk_count / STEP_SHARE + 1;

    if (step_chunks > STEP_CHUNKS_MAX)
        step_chunks = STEP_CHUNKS_MAX;
    /* Near a limit a smaller step may still be granted. */
    for (size_t bytes = step_chunks * CHUNK_BYTES; bytes >= PART_BYTES_MIN && bytes >= least_bytes;
         bytes /= 2)
        if (break_take(bytes))
            return true;
    return false;
}

struct chunk *region_grow(unsigned slices)
{
    /* With the header. */
    size_t least_bytes = ((size_t)slices + 1) * SLICE_BYTES;

    if (region.fresh_end - region.fresh >= least_bytes || break_extend(least_bytes)) {
        size_t left_bytes = region.fresh_end - region.fresh;
        size_t bytes = left_bytes < CHUNK_BYTES ? left_bytes : CHUNK_BYTES;
        struct chunk *chunk = bytes < least_bytes ? NULL : chunk_make(region.fresh, bytes);
        region.fresh += chunk != NULL ? bytes : 0;
        return chunk;
    }
    void *mapped = os_map_aligned(CHUNK_BYTES, CHUNK_BYTES);
    struct chunk *chunk = mapped == NULL ? NULL : chunk_make((uintptr_t)mapped, CHUNK_BYTES);
    if (chunk == NULL && mapped != NULL)
        os_unmap(mapped, CHUNK_BYTES);
    return chunk;
}

/* Whether the last chunk lies free at the top of the break and may go. */
static bool top_is_free(void)
{
    if (region.chunk_count < 2)
        return false;
    const struct chunk *last = region.last;
    size_t range_bytes = atomic_load_explicit(&span_range.bytes, memory_order_relaxed);
    return (uintptr_t)last == span_range.low + range_bytes - CHUNK_BYTES &&
           (uintptr_t)last + CHUNK_BYTES == region.fresh &&
           bits_count(chunk_takeable(last)) == CHUNK_SLICES - 1;
}

/* Takes the free chunks at the top off the list and moves the break below them. */
static bool top_trim(size_t keep_bytes)
{
    uintptr_t new_top = region.fresh;
    size_t chunks = 0;

    if ((uintptr_t)os_break_now() != region.break_top)
        return false;
    while (top_is_free() && region.free_slices * SLICE_BYTES >= keep_bytes + CHUNK_BYTES) {
        struct chunk *last = region.last;
        region.last = last->previous;
        region.last->next = NULL;
        region.chunk_count--;
        for (unsigned length = 0; length <= REGION_RUN_MAX; length++)
            if (region.first_with[length] == last)
                region.first_with[length] = region.last;
        new_top = (uintptr_t)last;
        region.fresh = new_top;
        region.free_slices -= CHUNK_SLICES - 1;
        region.dirty_free_slices -= bits_count(last->dirty & last->free);
        region.system_bytes -= CHUNK_BYTES;
        atomic_fetch_sub_explicit(&span_range.bytes, CHUNK_BYTES, memory_order_relaxed);
        chunks++;
    }
    /* Pages that were never touched go too; address space is all they are. */
    if (region.break_top > new_top && os_break_shrink(region.break_top - new_top)) {
        region.break_top = region.fresh_end = new_top;
        return chunks > 0;
    }
    /* Kept, but they must read as zero before they are chunks again. */
    region_show((void *)new_top, chunks * CHUNK_BYTES);
    if (chunks > 0 && !os_purge((void *)new_top, chunks * CHUNK_BYTES))
        memset((void *)new_top, 0, chunks * CHUNK_BYTES);
    return false;
}

bool region_trim(size_t keep_bytes)
{
    lock_acquire(&region_lock);
    bool any = top_trim(keep_bytes);
    region.idle_slices = heap_least(region.idle_slices, region.dirty_free_slices);
    any |= region_purge(keep_bytes / SLICE_BYTES) > 0;
    lock_release(&region_lock);
    return any;
}
