/* Runs of slices: found, taken, given back, resized. */
#include "region_internal.h"

#include "heap.h"
#include "huge.h"
#include "os.h"
#include "size_class.h"
#include "span_table.h"

/* Of some 50 us: a purge of a chunk takes less than a millisecond. */
#define LEAVING_TRIES 100

struct lock region_lock;
struct region region;
struct span span_none = {.size_class = SPAN_NONE};
struct span_range span_range;

/* Where runs of `count` ones begin. */
static slice_bits run_starts(slice_bits bits, unsigned count)
{
    for (unsigned have = 1; have < count;) {
        unsigned step = have < count - have ? have : count - have;
        bits &= bits >> step;
        have += step;
    }
    return bits;
}

/* Slices whose addresses are multiples of that many slices; chunks are more aligned than that. */
static slice_bits aligned_slices(unsigned multiple)
{
    slice_bits bits = 1;
    if (multiple == 1)
        return ~(slice_bits)0;
    for (unsigned i = multiple; i < CHUNK_SLICES; i *= 2)
        bits |= bits << i;
    return bits;
}

/* The first slice of a run in the chunk, 0 if there is none. Resident ones come first. */
static unsigned find_run(const struct chunk *chunk, unsigned slices, slice_bits aligned)
{
    slice_bits free = chunk_takeable(chunk), resident = free & chunk->dirty;
    slice_bits starts = resident == 0 ? 0 : run_starts(resident, slices) & aligned;
    if (starts == 0 && free != resident)
        starts = run_starts(free, slices) & aligned;
    return starts == 0 ? 0 : bits_lowest(starts);
}

/* NULL: the system refuses. */
static struct span *take_run(struct chunk *chunk, unsigned first, unsigned slices, bool *zeroed)
{
    slice_bits run = bits_run(first, slices);
    unsigned resident = bits_count_in(chunk->dirty, run, slices);
    char *start = (char *)chunk + first * SLICE_BYTES;

    if (resident < slices && !region_show(start, slices * SLICE_BYTES))
        return NULL;
    chunk->free &= ~run;
    region.free_slices -= slices;
    region.used_slices += slices;
    region.dirty_free_slices -= resident;
    region_cache_took(slices - resident, resident);
    *zeroed = resident == 0;

    struct span *span = &chunk->spans[first];
    span->start = start;
    span->slices = (uint8_t)slices;
    span->first_slice = (uint8_t)first;
    for (unsigned i = 0; i < slices; i++)
        chunk_set_span(chunk, first + i, span);
    span_table_set(span->start, slices, span);
    return span;
}

/* With the lock held. */
static struct span *find_or_grow(unsigned slices, unsigned multiple, bool *zeroed)
{
    slice_bits aligned = aligned_slices(multiple);
    struct span *span = NULL;
    struct chunk *chunk = region.first_with[slices];

    for (chunk = chunk != NULL ? chunk : region.first; chunk != NULL && span == NULL;
         chunk = chunk->next) {
        unsigned first = find_run(chunk, slices, aligned);
        if (first != 0)
            span = take_run(chunk, first, slices, zeroed);
        /* Only a search that anything would have satisfied tells of all later ones. */
        if (multiple == 1)
            region.first_with[slices] = chunk;
    }
    if (span == NULL) {
        /* In an empty chunk, the worst place for an aligned run is a multiple away. */
        chunk = region_grow(slices + multiple - 1);
        if (chunk != NULL)
            span = take_run(chunk, find_run(chunk, slices, aligned), slices, zeroed);
    }
    return span;
}

static bool anything_leaves(void)
{
    const struct chunk *chunk = region.first;
    while (chunk != NULL && chunk->leaving == 0)
        chunk = chunk->next;
    return chunk != NULL;
}

struct span *region_take(unsigned slices, size_t alignment, bool *zeroed)
{
    unsigned multiple = alignment <= SLICE_BYTES ? 1 : (unsigned)(alignment / SLICE_BYTES);

    huge_tidy();
    lock_acquire(&region_lock);
    struct span *span = find_or_grow(slices, multiple, zeroed);
    /* Memory is short, but what is being purged will be free again in a moment; not for ever, since
     * in a fork's child it may never be. */
    for (int tries = 0; span == NULL && tries < LEAVING_TRIES && anything_leaves(); tries++) {
        lock_release(&region_lock);
        os_wait_briefly();
        lock_acquire(&region_lock);
        span = find_or_grow(slices, multiple, zeroed);
    }
    lock_release(&region_lock);
    return span;
}

/* How long the free run is that this one has become part of. */
static unsigned run_around(slice_bits free, unsigned first, unsigned slices)
{
    /* Slice 0 is never free, so there is a border below; above it may be the chunk's end. */
    slice_bits below = ~free & (((slice_bits)1 << first) - 1), above = ~free >> first;

    unsigned begin = CHUNK_SLICES - bits_leading(below);
    unsigned end = above != 0 ? first + bits_lowest(above) : CHUNK_SLICES;
    HEAP_ASSERT(begin <= first && end >= first + slices);
    return end - begin;
}

void region_found_free(struct chunk *chunk, unsigned longest)
{
    for (unsigned i = longest < REGION_RUN_MAX ? longest : REGION_RUN_MAX; i > 0; i--)
        if (region.first_with[i] != NULL && region.first_with[i]->index > chunk->index)
            region.first_with[i] = chunk;
}

/* Of the slices, the first `touched` may have been written to. With the lock held, which is
 * released for a moment when there is something to purge. */
static void free_run(struct chunk *chunk, unsigned first, unsigned slices, unsigned touched)
{
    slice_bits run = bits_run(first, slices);
    slice_bits dirty = chunk->dirty | bits_run(first, touched);

    HEAP_ASSERT((chunk->free & run) == 0 && touched <= slices);
    chunk->free |= run;
    chunk->dirty = dirty;
    region.free_slices += slices;
    region.used_slices -= slices;
    region.dirty_free_slices += bits_count_in(dirty, run, slices);
    for (unsigned i = 0; i < slices; i++)
        chunk_set_span(chunk, first + i, &span_none);
    span_table_set((char *)chunk + first * SLICE_BYTES, slices, &span_none);
    region_found_free(chunk, run_around(chunk->free, first, slices));
    region_cache_gave(slices);
}

/* Of a span's slices, those before the first that nothing was written to. */
static unsigned touched_slices(const struct span *span)
{
    /* In a hardened heap what is not dirty is inaccessible. */
    if (HARDENED || span->size_class == SPAN_LARGE)
        return span->slices;
    size_t bytes = span_carved(span) * (size_t)size_class_bytes(span->size_class);
    return (unsigned)(heap_round_up(bytes, SLICE_BYTES) / SLICE_BYTES);
}

void region_give(struct span *span)
{
    struct chunk *chunk = chunk_around(span);
    unsigned touched = touched_slices(span);

    huge_tidy();
    lock_acquire(&region_lock);
    /* Whoever frees into it from now on is wrong, and is told so. */
    span->size_class = SPAN_NONE;
    span->free = NULL;
    span_set_heap(span, NULL);
    span->limit = 0;
    free_run(chunk, span->first_slice, span->slices, touched);
    lock_release(&region_lock);
}

bool region_resize(struct span *span, unsigned slices)
{
    struct chunk *chunk = chunk_around(span);
    unsigned first = span->first_slice, old_slices = span->slices;
    bool done = true;

    lock_acquire(&region_lock);
    if (slices < old_slices) {
        span->slices = (uint8_t)slices;
        free_run(chunk, first + slices, old_slices - slices, old_slices - slices);
    } else if (first + slices > CHUNK_SLICES ||
               (~chunk_takeable(chunk) & bits_run(first + old_slices, slices - old_slices)) != 0) {
        done = false;
    } else {
        bool zeroed;
        /* Taken as a span of its own, whose slices then go over to this one. */
        done = take_run(chunk, first + old_slices, slices - old_slices, &zeroed) != NULL;
    }
    if (done && slices > old_slices) {
        for (unsigned i = old_slices; i < slices; i++)
            chunk_set_span(chunk, first + i, span);
        span->slices = (uint8_t)slices;
    }
    lock_release(&region_lock);
    return done;
}

struct region_figures region_figures(void)
{
    lock_acquire(&region_lock);
    struct region_figures figures = {
        .system_bytes = region.system_bytes + (region.fresh_end - region.fresh),
        .dirty_free_bytes = region.dirty_free_slices * SLICE_BYTES,
        .purges = region.purges,
        .purged_bytes = region.purged_slices_ever * SLICE_BYTES,
        .reused_bytes = region.reused_slices_ever * SLICE_BYTES,
    };
    for (const struct chunk *chunk = region.last;
         chunk != NULL && bits_count(chunk->free) == CHUNK_SLICES - 1; chunk = chunk->previous)
        figures.top_bytes += CHUNK_BYTES;
    lock_release(&region_lock);
    return figures;
}

void region_each_chunk(void (*visit)(void *argument, struct chunk *chunk), void *argument)
{
    for (struct chunk *chunk = region.first; chunk != NULL; chunk = chunk->next)
        visit(argument, chunk);
}
