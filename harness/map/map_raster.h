/*
 * One picture of a heap map: a code for every cell of a grid, and the file of pixels that the
 * plots read: a byte a pixel, row by row.
 */
#ifndef HEAPMARK_MAP_RASTER_H
#define HEAPMARK_MAP_RASTER_H

#include "map_axis.h"

/* What a cell shows: of several pages, the first of these that one of them is, from the end. */
enum raster_code {
    RASTER_NOTHING,   /* not mapped, or between two places */
    RASTER_LINE,      /* the line between two cells */
    RASTER_CUT,       /* a long run of mapped pages without anything was left out here */
    RASTER_HOLE,      /* mapped, not resident */
    RASTER_UNTOUCHED, /* a live block's, not resident */
    RASTER_SWAPPED,
    RASTER_EMPTY,       /* resident, no live block touches it */
    RASTER_SHARE = 100, /* + per cent of live bytes in the resident pages, 0 to 100 */
};

struct map_raster {
    unsigned columns, rows, pixels;
    uint8_t *code; /* columns * rows */
};

/* Returns 0, or -1 when memory is short. */
int map_raster_init(struct map_raster *raster, const struct map_grid *grid,
                    const struct heap_map *map);
void map_raster_release(struct map_raster *raster);

/* Writes the pixels; large cells are parted by lines. Returns 0, or -1 with errno. */
int map_raster_write(const struct map_raster *raster, const char *path);

/* The free blocks of a heap walk along the address axis, in `columns` equal slices of the grid's
 * cells: the largest block that begins there or goes through, 0 for none. */
void map_raster_free_strip(const struct map_grid *grid, const struct heap_map *map, uint64_t *bytes,
                           size_t columns);

#endif
