/*
 * The words and figures of a heap map's picture, as blocks of a table.
 */
#ifndef HEAPMARK_MAP_WORDS_H
#define HEAPMARK_MAP_WORDS_H

#include "map_axis.h"
#include "map_study.h"
#include "stream.h"

enum { FREE_STRIP_COLUMNS = 384 };

/* "jemalloc 5.3.0-1" */
void map_words_allocator(struct stream *stream, const struct allocator *allocator);
/* "one cell is 4 pages (16.0 KiB), one row 2.00 MiB" */
void map_words_scale(struct stream *stream, const struct map_scale *scale, uint64_t page_bytes);
/* Each a block: heading, rows, two empty lines. */
void map_words_bands(struct stream *stream, const struct map_grid *grid,
                     const struct map_axis *axis);
void map_words_numbers(struct stream *stream, const struct heap_map *map);
void map_words_occupancy(struct stream *stream, const struct heap_map *map);
void map_words_free_sizes(struct stream *stream, const struct heap_map *map);
void map_words_free_strip(struct stream *stream, const struct map_grid *grid,
                          const struct heap_map *map);

#endif
