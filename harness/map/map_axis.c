/* The address axis and its grid; see map_axis.h. */
#include "map_axis.h"

#include <stdlib.h>
#include <string.h>

enum {
    HOLE_SHOWN_PAGES = 256, /* a hole up to this size is always shown */
    HOLE_SHOWN_SHARE = 8,   /* so is one up to an eighth of what there is to show */
    COLUMNS_STEP = 8,
    LONG_ROWS = 4,
    CELL_SHIFT_MOST = 32,
};

/* ---- parts ---------------------------------------------------------------------- */

struct span {
    uint64_t page, end;
};

static int by_page(const void *left, const void *right)
{
    const struct span *a = left, *b = right;
    return a->page < b->page ? -1 : a->page > b->page;
}

static size_t known_runs(const struct heap_map *map, struct span *span)
{
    size_t count = 0;
    uint64_t end = 0;
    for (size_t i = 0; i < map->page_count; i++) {
        uint64_t page = map->page[i].page;
        if (count > 0 && page == end) {
            end++;
            if (span != NULL)
                span[count - 1].end = end;
            continue;
        }
        end = page + 1;
        if (span != NULL)
            span[count] = (struct span){page, end};
        count++;
    }
    return count;
}

/* The runs of pages that any map knows of, in order and without overlap. NULL: out of memory. */
static struct span *union_of_runs(const struct heap_map *maps, size_t count, size_t *spans)
{
    size_t room = 0, used = 0, kept = 0;
    for (size_t i = 0; i < count; i++)
        room += known_runs(&maps[i], NULL);
    struct span *span = calloc(room + 1, sizeof *span);
    if (span == NULL)
        return NULL;
    for (size_t i = 0; i < count; i++)
        used += known_runs(&maps[i], span + used);
    qsort(span, used, sizeof *span, by_page);
    for (size_t i = 0; i < used; i++) {
        if (kept > 0 && span[i].page <= span[kept - 1].end) {
            if (span[i].end > span[kept - 1].end)
                span[kept - 1].end = span[i].end;
        } else {
            span[kept++] = span[i];
        }
    }
    *spans = kept;
    return span;
}

static const struct mapping *mapping_at(const struct heap_map *map, uint64_t address)
{
    size_t low = 0, high = map->mapping_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (map->mapping[middle].end <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low < map->mapping_count && map->mapping[low].start <= address ? &map->mapping[low]
                                                                          : NULL;
}

/* Whether one of the maps has all of these pages mapped. */
static bool all_mapped(const struct heap_map *maps, size_t count, struct span span)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t at = span.page * maps[i].page_bytes, end = span.end * maps[i].page_bytes;
        const struct mapping *mapping;
        while (at < end && (mapping = mapping_at(&maps[i], at)) != NULL)
            at = mapping->end;
        if (at >= end)
            return true;
    }
    return false;
}

static enum mapping_kind kind_at(const struct heap_map *maps, size_t count, uint64_t page)
{
    for (size_t i = 0; i < count; i++) {
        const struct mapping *mapping = mapping_at(&maps[i], page * maps[i].page_bytes);
        if (mapping != NULL)
            return mapping->kind;
    }
    return MAPPING_ANONYMOUS;
}

int map_axis_init(struct map_axis *axis, const struct heap_map *maps, size_t count)
{
    size_t spans = 0;
    uint64_t pages = 0;
    *axis = (struct map_axis){.page_bytes = count > 0 ? maps[0].page_bytes : 0};
    struct span *span = union_of_runs(maps, count, &spans);
    axis->part = calloc(spans + 1, sizeof *axis->part);
    if (span == NULL || axis->part == NULL) {
        free(span);
        return -1;
    }
    for (size_t i = 0; i < spans; i++)
        pages += span[i].end - span[i].page;
    uint64_t shown = pages / HOLE_SHOWN_SHARE;
    if (shown < HOLE_SHOWN_PAGES)
        shown = HOLE_SHOWN_PAGES;
    for (size_t i = 0; i < spans; i++) {
        struct map_part *last = axis->count > 0 ? &axis->part[axis->count - 1] : NULL;
        uint64_t end = last != NULL ? last->page + last->count : span[i].page;
        bool mapped = last != NULL && all_mapped(maps, count, (struct span){end, span[i].page});
        if (mapped && span[i].page - end <= shown) {
            last->count = span[i].end - last->page;
            continue;
        }
        axis->part[axis->count++] = (struct map_part){
            .page = span[i].page,
            .count = span[i].end - span[i].page,
            .cut_pages = span[i].page - end,
            .reserve = mapped,
            .kind = kind_at(maps, count, span[i].page),
        };
    }
    free(span);
    return 0;
}

void map_axis_release(struct map_axis *axis)
{
    free(axis->part);
    *axis = (struct map_axis){0};
}

/* ---- the grid ------------------------------------------------------------------- */

static uint64_t last_cell(const struct map_part *part, unsigned shift)
{
    return (part->page + part->count - 1) >> shift;
}

/* Joins parts that are no cell apart; returns how many places there are. */
static size_t join_parts(const struct map_axis *axis, unsigned shift, struct map_place *place)
{
    size_t count = 0;
    for (size_t i = 0; i < axis->count; i++) {
        const struct map_part *part = &axis->part[i];
        uint64_t first = part->page >> shift, last = last_cell(part, shift);
        struct map_place *before = count > 0 ? &place[count - 1] : NULL;
        if (before != NULL && first <= before->cell + before->cells) {
            before->cells = last - before->cell + 1;
            before->parts++;
            continue;
        }
        place[count++] = (struct map_place){
            .cell = first,
            .cells = last - first + 1,
            .part = i,
            .parts = 1,
            .cut_pages = part->cut_pages,
            .reserve = part->reserve,
        };
    }
    return count;
}

int map_grid_init(struct map_grid *grid, const struct map_axis *axis, struct map_scale scale)
{
    size_t position = 0, columns = scale.columns;
    bool long_before = false;
    *grid = (struct map_grid){.scale = scale};
    grid->place = calloc(axis->count + 1, sizeof *grid->place);
    if (grid->place == NULL)
        return -1;
    grid->count = join_parts(axis, scale.cell_shift, grid->place);
    for (size_t i = 0; i < grid->count; i++) {
        struct map_place *place = &grid->place[i];
        bool is_long = place->cells >= LONG_ROWS * columns;
        place->is_long = is_long;
        if (is_long || long_before)
            position = (position + columns - 1) / columns * columns;
        else if (i > 0)
            position++;
        place->position = position;
        position += place->cells;
        long_before = is_long;
    }
    grid->rows = (unsigned)((position + columns - 1) / columns);
    if (grid->rows == 0)
        grid->rows = 1;
    return 0;
}

void map_grid_release(struct map_grid *grid)
{
    free(grid->place);
    *grid = (struct map_grid){0};
}

/* 1: each fits; 0: one does not; -1: out of memory. */
static int all_fit(struct map_scale scale, const struct map_axis *axes, size_t count,
                   unsigned height_pixels)
{
    int fit = 1;
    for (size_t i = 0; i < count && fit == 1; i++) {
        struct map_grid grid;
        fit = map_grid_init(&grid, &axes[i], scale);
        if (fit == 0)
            fit = (uint64_t)grid.rows * scale.pixels <= height_pixels;
        map_grid_release(&grid);
    }
    return fit;
}

int map_scale_choose(struct map_scale *scale, const struct map_axis *axes, size_t count,
                     unsigned width_pixels, unsigned height_pixels)
{
    static const unsigned sizes[] = {12, 8, 6, 4, 3, 2}; /* each divides a map's 768 pixels */
    for (unsigned shift = 0; shift <= CELL_SHIFT_MOST; shift++)
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            unsigned columns = width_pixels / sizes[i] / COLUMNS_STEP * COLUMNS_STEP;
            *scale = (struct map_scale){columns, sizes[i], shift};
            int fit = all_fit(*scale, axes, count, height_pixels);
            if (fit != 0)
                return fit > 0 ? 0 : -1;
        }
    return 0;
}
