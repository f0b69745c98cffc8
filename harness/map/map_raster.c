/* Cells and pixels of a heap map; see map_raster.h. */
#include "map_raster.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_FROM_PIXELS = 6 }; /* lines would take too much of a smaller cell */

struct cell_sum {
    uint64_t resident_bytes, live_bytes;
    bool occupied, swapped, untouched;
};

static void add_page(struct cell_sum *sum, const struct map_page *page, uint64_t page_bytes)
{
    if (page->resident) {
        sum->resident_bytes += page_bytes;
        sum->live_bytes += page->live_bytes;
        sum->occupied |= page->occupied;
    }
    sum->swapped |= page->swapped;
    sum->untouched |= page->occupied && !page->resident;
}

static uint8_t code_of(const struct cell_sum *sum, bool mapped)
{
    if (sum->resident_bytes > 0 && !sum->occupied)
        return RASTER_EMPTY;
    if (sum->resident_bytes > 0)
        return (uint8_t)(RASTER_SHARE +
                         (sum->live_bytes * 100 + sum->resident_bytes / 2) / sum->resident_bytes);
    if (sum->swapped)
        return RASTER_SWAPPED;
    if (sum->untouched)
        return RASTER_UNTOUCHED;
    return mapped ? RASTER_HOLE : RASTER_NOTHING;
}

/* Where the walk along the addresses has come to. */
struct cursor {
    const struct heap_map *map;
    size_t page, mapping;
};

static uint8_t cell_code(struct cursor *cursor, uint64_t first, uint64_t end)
{
    const struct heap_map *map = cursor->map;
    struct cell_sum sum = {0};
    while (cursor->page < map->page_count && map->page[cursor->page].page < first)
        cursor->page++;
    for (; cursor->page < map->page_count && map->page[cursor->page].page < end; cursor->page++)
        add_page(&sum, &map->page[cursor->page], map->page_bytes);
    while (cursor->mapping < map->mapping_count &&
           map->mapping[cursor->mapping].end <= first * map->page_bytes)
        cursor->mapping++;
    return code_of(&sum, cursor->mapping < map->mapping_count &&
                             map->mapping[cursor->mapping].start < end * map->page_bytes);
}

/* Behind what ends at a cut, in a frame that has it. Where that fills its row there is no cell left
 * for the mark. */
static void mark_cut(struct map_raster *raster, const struct map_place *before,
                     const struct map_place *after)
{
    size_t end = before->position + before->cells;
    if (end < after->position && raster->code[end - 1] != RASTER_NOTHING)
        raster->code[end] = RASTER_CUT;
}

int map_raster_init(struct map_raster *raster, const struct map_grid *grid,
                    const struct heap_map *map)
{
    struct cursor cursor = {.map = map};
    unsigned shift = grid->scale.cell_shift;
    *raster = (struct map_raster){grid->scale.columns, grid->rows, grid->scale.pixels, NULL};
    raster->code = calloc((size_t)raster->columns * raster->rows, 1);
    if (raster->code == NULL)
        return -1;
    for (size_t i = 0; i < grid->count; i++) {
        const struct map_place *place = &grid->place[i];
        for (uint64_t c = 0; c < place->cells; c++)
            raster->code[place->position + c] =
                cell_code(&cursor, (place->cell + c) << shift, (place->cell + c + 1) << shift);
        if (place->reserve)
            mark_cut(raster, place - 1, place);
    }
    return 0;
}

void map_raster_release(struct map_raster *raster)
{
    free(raster->code);
    *raster = (struct map_raster){0};
}

static void draw_row(const struct map_raster *raster, unsigned row, uint8_t *line, bool last)
{
    bool lines = raster->pixels >= LINE_FROM_PIXELS;
    for (unsigned x = 0; x < raster->columns * raster->pixels; x++) {
        uint8_t code = raster->code[(size_t)row * raster->columns + x / raster->pixels];
        bool edge = last || x % raster->pixels == raster->pixels - 1;
        line[x] = lines && edge && code != RASTER_NOTHING ? RASTER_LINE : code;
    }
}

int map_raster_write(const struct map_raster *raster, const char *path)
{
    size_t bytes = (size_t)raster->columns * raster->pixels;
    uint8_t *line = malloc(bytes);
    FILE *file = line != NULL ? fopen(path, "we") : NULL;
    bool failed = file == NULL;
    for (unsigned y = 0; y < raster->rows * raster->pixels && !failed; y++) {
        draw_row(raster, y / raster->pixels, line, y % raster->pixels == raster->pixels - 1);
        failed = fwrite(line, 1, bytes, file) != bytes;
    }
    int error = errno;
    if (file != NULL && fclose(file) != 0) {
        error = failed ? error : errno;
        failed = true;
    }
    free(line);
    errno = error;
    return failed ? -1 : 0;
}

void map_raster_free_strip(const struct map_grid *grid, const struct heap_map *map, uint64_t *bytes,
                           size_t columns)
{
    uint64_t cell_bytes = map->page_bytes << grid->scale.cell_shift, cells = 0, before = 0;
    size_t next = 0;
    memset(bytes, 0, columns * sizeof *bytes);
    for (size_t i = 0; i < grid->count; i++)
        cells += grid->place[i].cells;
    for (size_t i = 0; i < grid->count; before += grid->place[i].cells, i++) {
        uint64_t start = grid->place[i].cell * cell_bytes;
        uint64_t end = start + grid->place[i].cells * cell_bytes;
        while (next < map->hole_count && map->hole[next].address < start)
            next++;
        for (; next < map->hole_count && map->hole[next].address < end; next++) {
            const struct free_block *hole = &map->hole[next];
            uint64_t stop = hole->address + hole->bytes < end ? hole->address + hole->bytes : end;
            double scale = (double)columns / ((double)cells * (double)cell_bytes);
            double from = (double)(before * cell_bytes + hole->address - start) * scale;
            double to = (double)(before * cell_bytes + stop - 1 - start) * scale;
            for (size_t c = (size_t)from; c <= (size_t)to && c < columns; c++)
                if (hole->bytes > bytes[c])
                    bytes[c] = hole->bytes;
        }
    }
}
