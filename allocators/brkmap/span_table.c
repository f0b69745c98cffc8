/* The table from slices to spans: its entries and its growth. */
#include "span_table.h"

#include "heap.h"
#include "os.h"
#include "region_internal.h"

_Static_assert(offsetof(struct chunk, map) - offsetof(struct chunk, map_mask) ==
                   offsetof(struct span_table, spans),
               "a chunk's map and what is before it are a table");

static struct span_table no_table = {.mask = 0, .spans = {&span_none}};
struct span *_Atomic *_Atomic span_table = no_table.spans;

/* With region_lock held. */
static struct span_table *current_table(void)
{
    return span_table_around(atomic_load_explicit(&span_table, memory_order_relaxed));
}

static void table_set(struct span_table *table, const char *start, struct span *span)
{
    size_t i = (uintptr_t)start >> SLICE_SHIFT & table->mask;
    atomic_store_explicit(&table->spans[i], span, memory_order_relaxed);
}

void span_table_set(char *start, unsigned slices, struct span *span)
{
    struct span_table *table = current_table();

    /* Else it is the map of the first chunk, which says it already. */
    for (unsigned i = 0; i < slices && table->mask >= CHUNK_SLICES; i++)
        table_set(table, start + i * SLICE_BYTES, span);
}

static void fill_from_chunk(void *argument, struct chunk *chunk)
{
    for (unsigned i = 1; i < CHUNK_SLICES; i++)
        table_set(argument, (char *)chunk + i * SLICE_BYTES, chunk_span(chunk, i));
}

/* NULL: no memory. */
static struct span_table *longer_table(size_t length)
{
    size_t bytes = sizeof(struct span_table) + length * sizeof(struct span *);
    struct span_table *table = os_map(heap_round_up(bytes, os_page_bytes()));

    if (table == NULL)
        return NULL;
    table->mask = length - 1;
    for (size_t i = 0; i < length; i++)
        atomic_store_explicit(&table->spans[i], &span_none, memory_order_relaxed);
    region_each_chunk(fill_from_chunk, table);
    return table;
}

void span_table_grow(struct chunk *newest, size_t chunks)
{
    size_t length = current_table()->mask + 1;
    struct span_table *longer = NULL;

    if (chunks * CHUNK_SLICES <= length)
        return;
    if (chunks == 1) {
        newest->map_mask = CHUNK_SLICES - 1;
        longer = (struct span_table *)&newest->map_mask;
    } else {
        while (length < chunks * CHUNK_SLICES)
            length *= 4;
        longer = longer_table(length);
    }
    /* Release pairs with the acquire in span_table_get. */
    if (longer != NULL)
        atomic_store_explicit(&span_table, longer->spans, memory_order_release);
}
