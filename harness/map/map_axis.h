/*
 * The address axis of a picture: the parts of an address space that hold pages, one after the
 * other, with what lies empty between them cut out; and their places in a grid of cells.
 *
 * A cell is 2^k pages. A part as long as some rows begins a row of its own; shorter ones follow
 * each other with one cell left free between them.
 */
#ifndef HEAPMARK_MAP_AXIS_H
#define HEAPMARK_MAP_AXIS_H

#include "heap_map.h"

struct map_part {
    uint64_t page, count;
    uint64_t cut_pages; /* between the part before and this one */
    bool reserve;       /* these are mapped: never written, or given back; else nothing is there */
    enum mapping_kind kind; /* of its first page */
};

struct map_axis {
    struct map_part *part; /* by address */
    size_t count;
    uint64_t page_bytes;
};

/* The axis of all maps together, which are of one process. Mapped pages that no map knows anything
 * of are left out where they come in long runs. Returns 0, or -1 when memory is short. */
int map_axis_init(struct map_axis *axis, const struct heap_map *maps, size_t count);
void map_axis_release(struct map_axis *axis);

struct map_scale {
    unsigned columns;    /* cells in a row */
    unsigned pixels;     /* a cell's width and height */
    unsigned cell_shift; /* a cell is 1 << cell_shift pages */
};

/* A part, or several that are closer together than a cell, in the grid. */
struct map_place {
    uint64_t cell, cells; /* address / (page_bytes << cell_shift), and how many */
    size_t position;      /* of the first cell in the grid, row by row */
    size_t part, parts;   /* of the axis */
    uint64_t cut_pages;   /* as of its first part */
    bool reserve;
    bool is_long; /* begins a row, and so does what follows it */
};

struct map_grid {
    struct map_scale scale;
    unsigned rows;
    struct map_place *place; /* by address */
    size_t count;
};

/* Returns 0, or -1 when memory is short. */
int map_grid_init(struct map_grid *grid, const struct map_axis *axis, struct map_scale scale);
void map_grid_release(struct map_grid *grid);

/* The finest scale at which each of the axes fits into so many pixels; the coarsest there is where
 * none does. Returns 0, or -1 when memory is short. */
int map_scale_choose(struct map_scale *scale, const struct map_axis *axes, size_t count,
                     unsigned width_pixels, unsigned height_pixels);

#endif
