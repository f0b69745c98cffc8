/* The table from slices to spans: its entries and its growth. */
#include "span_table.h"

#include "heap.h"
#include "os.h"
#include "region_internal.h"

#define NO_SPAN_8 \
    &span_none, &span_none, &span_none, &span_none, &span_none, &span_none, &span_none, &span_none
#define NO_SPAN_64 \
    NO_SPAN_8, NO_SPAN_8, NO_SPAN_8, NO_SPAN_8, NO_SPAN_8, NO_SPAN_8, NO_SPAN_8, NO_SPAN_8
_Static_assert(SPAN_TABLE_FIRST == 4 * 64, "as many as are listed here");

static struct span_table first_table = {
    .mask = SPAN_TABLE_FIRST - 1,
    .spans = {NO_SPAN_64, NO_SPAN_64, NO_SPAN_64, NO_SPAN_64},
};
struct span_table *_Atomic span_table = &first_table;

static void table_set(struct span_table *table, const char *start, struct span *span)
{
    size_t i = (uintptr_t)start >> SLICE_SHIFT & table->mask;
    atomic_store_explicit(&table->spans[i], span, memory_order_relaxed);
}

void span_table_set(char *start, unsigned slices, struct span *span)
{
    struct span_table *table = atomic_load_explicit(&span_table, memory_order_relaxed);

    for (unsigned i = 0; i < slices; i++)
        table_set(table, start + i * SLICE_BYTES, span);
}

static void fill_from_chunk(void *argument, struct chunk *chunk)
{
    for (unsigned i = 1; i < CHUNK_SLICES; i++)
        table_set(argument, (char *)chunk + i * SLICE_BYTES, chunk->map[i]);
}

void span_table_grow(size_t slices)
{
    size_t length = atomic_load_explicit(&span_table, memory_order_relaxed)->mask + 1;

    if (slices <= length)
        return;
    while (length < slices)
        length *= 4;
    size_t bytes = sizeof(struct span_table) + length * sizeof(struct span *);
    struct span_table *longer = os_map(heap_round_up(bytes, os_page_bytes()));
    if (longer == NULL)
        return;
    longer->mask = length - 1;
    for (size_t i = 0; i < length; i++)
        atomic_store_explicit(&longer->spans[i], &span_none, memory_order_relaxed);
    region_each_chunk(fill_from_chunk, longer);
    /* Release pairs with the acquire in span_table_get. */
    atomic_store_explicit(&span_table, longer, memory_order_release);
}
