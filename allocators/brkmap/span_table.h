/*
 * From an address to its span by one look: a table by the number of the slice, the lowest bits of
 * it. free() asks here first, so an entry may be missing, or be of a slice as far away as the table
 * is long (only mapped chunks can be): whoever asks compares with the span's bounds, and asks the
 * chunk's map where they differ.
 */
#ifndef BRKMAP_SPAN_TABLE_H
#define BRKMAP_SPAN_TABLE_H

#include "span.h"

struct span_table {
    size_t mask;
    struct span *_Atomic spans[]; /* never NULL: span_none where there is nothing */
};
/* The entries of the table, which spares free() an addition: the map of the first chunk while it is
 * alone, then replaced by longer ones as the heap grows. The old ones stay, since others may be
 * reading. */
extern struct span *_Atomic *_Atomic span_table __attribute__((visibility("hidden")));

static inline struct span_table *span_table_around(struct span *_Atomic *spans)
{
    return (struct span_table *)((char *)spans - offsetof(struct span_table, spans));
}

/* Says whose a run of slices is. With region_lock held. */
void span_table_set(char *start, unsigned slices, struct span *span);

/* Room for a heap of so many chunks, as far as memory is to be had. With region_lock held. */
void span_table_grow(struct chunk *newest, size_t chunks);

/* Never NULL. For a small block in use it is its span, or another one that has no block there. */
static inline struct span *span_table_get(const void *address)
{
    /* Acquire pairs with the release in span_table_grow. */
    struct span *_Atomic *spans = atomic_load_explicit(&span_table, memory_order_acquire);
    size_t i = (uintptr_t)address >> SLICE_SHIFT & span_table_around(spans)->mask;
    return atomic_load_explicit(&spans[i], memory_order_relaxed);
}

#endif
