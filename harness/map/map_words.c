/* Words and figures beside a heap map; see map_words.h. */
#include "map_words.h"

#include "map_raster.h"
#include "units.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#define BLOCK_END "\n\n"

void map_words_allocator(struct stream *stream, const struct allocator *allocator)
{
    stream_line_text(stream, allocator->name);
    if (allocator->version != NULL && strcmp(allocator->version, "unknown") != 0) {
        stream_print(stream, " ");
        stream_line_text(stream, allocator->version);
    }
}

void map_words_scale(struct stream *stream, const struct map_scale *scale, uint64_t page_bytes)
{
    char cell[UNITS_TEXT_BYTES], row[UNITS_TEXT_BYTES];
    uint64_t cell_bytes = page_bytes << scale->cell_shift;
    units_print_bytes(cell, (int64_t)cell_bytes);
    units_print_bytes(row, (int64_t)(cell_bytes * scale->columns));
    if (scale->cell_shift == 0)
        stream_print(stream, "A cell is a page of %s, a row %s.", cell, row);
    else
        stream_print(stream, "A cell is %" PRIu64 " pages (%s), a row %s.",
                     UINT64_C(1) << scale->cell_shift, cell, row);
}

/* ---- bands: what lies in which rows ------------------------------------------------ */

static const char *kind_text(enum mapping_kind kind)
{
    switch (kind) {
    case MAPPING_BRK:
        return "brk";
    case MAPPING_SHARED:
        return "shared";
    case MAPPING_FILE:
        return "file";
    default:
        return "mmap";
    }
}

static uint64_t pages_in(const struct map_axis *axis, const struct map_place *place)
{
    uint64_t pages = 0;
    for (size_t p = place->part; p < place->part + place->parts; p++)
        pages += axis->part[p].count;
    return pages;
}

/* A long place is a band of its own; so are short ones that follow each other. */
void map_words_bands(struct stream *stream, const struct map_grid *grid,
                     const struct map_axis *axis)
{
    unsigned columns = grid->scale.columns;
    stream_print(stream, "row\trows\tkind\tbytes\n");
    for (size_t i = 0; i < grid->count;) {
        const struct map_place *first = &grid->place[i], *last = first;
        uint64_t pages = pages_in(axis, first);
        size_t parts = first->parts;
        for (i++; i < grid->count && !first->is_long && !grid->place[i].is_long; i++) {
            last = &grid->place[i];
            pages += pages_in(axis, last);
            parts += last->parts;
        }
        char text[UNITS_TEXT_BYTES];
        unsigned row = (unsigned)(first->position / columns);
        unsigned end = (unsigned)((last->position + last->cells - 1) / columns) + 1;
        stream_print(stream, "%u\t%u\t", row, end - row);
        if (parts > 1 && last != first)
            stream_print(stream, "%zu parts", parts);
        else
            stream_print(stream, "%s", kind_text(axis->part[first->part].kind));
        stream_print(stream, "\t%s\n",
                     units_print_bytes(text, (int64_t)(pages * axis->page_bytes)));
    }
    stream_print(stream, BLOCK_END);
}

/* ---- numbers -------------------------------------------------------------------- */

static void put_text(struct stream *stream, const char *label, const char *value)
{
    stream_print(stream, "%s\t%s\n", label, value);
}

static void put_bytes(struct stream *stream, const char *label, int64_t bytes)
{
    char text[UNITS_TEXT_BYTES];
    put_text(stream, label, units_print_bytes(text, bytes));
}

static void put_count(struct stream *stream, const char *label, int64_t count)
{
    char text[UNITS_TEXT_BYTES];
    put_text(stream, label, units_print_count(text, (double)count));
}

static void put_ratio(struct stream *stream, const char *label, double value, const char *format)
{
    char text[UNITS_TEXT_BYTES] = "n/a";
    if (isfinite(value))
        snprintf(text, sizeof text, value < 1e6 ? format : "> 10⁶", value);
    put_text(stream, label, text);
}

static void put_walk(struct stream *stream, const struct heap_map_numbers *numbers)
{
    put_count(stream, "free blocks", numbers->free_blocks);
    put_bytes(stream, "their bytes", numbers->free_bytes);
    put_bytes(stream, "largest", numbers->largest_free_bytes);
    double fragmentation =
        numbers->free_bytes > 0
            ? 100.0 - 100.0 * (double)numbers->largest_free_bytes / (double)numbers->free_bytes
            : (double)NAN;
    put_ratio(stream, "ext. frag.", fragmentation, "%.1f %%");
}

void map_words_numbers(struct stream *stream, const struct heap_map *map)
{
    const struct heap_map_numbers *numbers = &map->numbers;
    stream_print(stream, "label\tvalue\n");
    put_bytes(stream, "resident", numbers->resident_bytes);
    put_bytes(stream, "live", numbers->live_bytes);
    put_count(stream, "live blocks", numbers->live_blocks);
    put_ratio(stream, "live share", 100 * heap_map_share(numbers), "%.0f %%");
    put_ratio(stream, "overhead", heap_map_overhead(numbers), "%.2f×");
    put_text(stream, "", "");
    put_bytes(stream, "empty pages", numbers->empty_bytes);
    put_count(stream, "in runs", numbers->empty_runs);
    put_bytes(stream, "longest run", numbers->largest_empty_bytes);
    put_text(stream, "", "");
    put_bytes(stream, "mapped", numbers->mapped_bytes);
    put_count(stream, "holes", numbers->holes);
    put_bytes(stream, "in holes", numbers->hole_bytes);
    if (numbers->untouched_bytes > 0)
        put_bytes(stream, "untouched", numbers->untouched_bytes);
    if (numbers->swapped_bytes > 0)
        put_bytes(stream, "swapped", numbers->swapped_bytes);
    if (numbers->huge_bytes > 0)
        put_bytes(stream, "huge pages", numbers->huge_bytes);
    if (numbers->lazy_bytes > 0)
        put_bytes(stream, "given up", numbers->lazy_bytes);
    if (map->walked) {
        put_text(stream, "", "");
        put_walk(stream, numbers);
    }
    stream_print(stream, BLOCK_END);
}

void map_words_occupancy(struct stream *stream, const struct heap_map *map)
{
    stream_print(stream, "class\tbytes\n0\t%" PRId64 "\n", map->numbers.empty_bytes);
    for (int i = 0; i < OCCUPANCY_CLASSES; i++)
        stream_print(stream, "%d\t%" PRId64 "\n", i + 1,
                     map->numbers.occupied_pages[i] * (int64_t)map->page_bytes);
    stream_print(stream, BLOCK_END);
}

/* ---- the heap walk -------------------------------------------------------------- */

void map_words_free_sizes(struct stream *stream, const struct heap_map *map)
{
    enum { SIZES = 64 };
    uint64_t count[SIZES] = {0}, bytes[SIZES] = {0};
    for (size_t i = 0; i < map->hole_count; i++) {
        uint64_t size = map->hole[i].bytes;
        int class = size > 0 ? 63 - __builtin_clzll(size) : 0;
        count[class]++;
        bytes[class] += size;
    }
    stream_print(stream, "log2\tblocks\tbytes\n");
    for (int i = 0; i < SIZES; i++)
        if (count[i] > 0)
            stream_print(stream, "%d\t%" PRIu64 "\t%" PRIu64 "\n", i, count[i], bytes[i]);
    stream_print(stream, BLOCK_END);
}

void map_words_free_strip(struct stream *stream, const struct map_grid *grid,
                          const struct heap_map *map)
{
    uint64_t largest[FREE_STRIP_COLUMNS];
    map_raster_free_strip(grid, map, largest, FREE_STRIP_COLUMNS);
    stream_print(stream, "column\tlargest_free_bytes\n");
    for (int i = 0; i < FREE_STRIP_COLUMNS; i++)
        stream_print(stream, "%d\t%" PRIu64 "\n", i, largest[i]);
    stream_print(stream, BLOCK_END);
}
