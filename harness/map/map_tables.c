/* Tables of the heap map's pictures; see map_tables.h. */
#include "map_tables.h"

#include "map_raster.h"
#include "map_words.h"
#include "message.h"
#include "paths.h"
#include "units.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ONE_WIDTH_PIXELS = 768, /* plots/heap_map.gp has room for so many */
    ONE_HEIGHT_PIXELS = 600,
    SHEET_WIDTH_PIXELS = 1052, /* plots/heap_panels.gp: the page without its margins */
    PANEL_GAP_PIXELS = 20,
    PANELS_HEIGHT_PIXELS = 1200, /* all lines of panels together */
    PANEL_HEIGHT_MOST = 560,
    PANEL_HEIGHT_LEAST = 96,
};

static int cannot_write(char *message, const char *what)
{
    return message_set(message, "cannot write %s: %s", what, strerror(errno));
}

static FILE *open_table(const char *folder, const char *name, const char *suffix, char **path)
{
    *path = NULL;
    if (asprintf(path, "%s/%s%s", folder, name, suffix) < 0)
        *path = NULL;
    return *path != NULL ? fopen(*path, "we") : NULL;
}

static int write_pixels(const struct map_grid *grid, const struct heap_map *map, const char *path,
                        bool *codes, char *message)
{
    struct map_raster raster;
    if (map_raster_init(&raster, grid, map) < 0)
        return message_set(message, "out of memory");
    for (size_t i = 0; i < (size_t)raster.columns * raster.rows; i++)
        codes[raster.code[i]] = true;
    int result = map_raster_write(&raster, path) < 0 ? cannot_write(message, path) : 0;
    map_raster_release(&raster);
    return result;
}

/* Which colours the legend has to explain. */
static void put_codes(struct stream *stream, const bool *codes)
{
    stream_print(stream, "code\tshown\n");
    for (int i = RASTER_CUT; i <= RASTER_EMPTY; i++)
        stream_print(stream, "%d\t%d\n", i, codes[i]);
    stream_print(stream, "\n\n");
}

static void put_moment(struct stream *stream, const struct map_study *study, size_t series,
                       size_t moment)
{
    char now[UNITS_TEXT_BYTES], all[UNITS_TEXT_BYTES];
    const struct heap_map_numbers *numbers = &study->series[series].map[moment].numbers;
    units_print_count(now, (double)numbers->operations);
    units_print_count(all, (double)study->calls);
    stream_print(stream, "after %s of %s calls", now, all);
}

static void put_share(struct stream *stream, const struct heap_map_numbers *numbers)
{
    double share = heap_map_share(numbers);
    if (isfinite(share))
        stream_print(stream, "%.0f %% live", share * 100);
    else
        stream_print(stream, "nothing resident");
}

/* ---- one map -------------------------------------------------------------------- */

static void put_title(struct stream *stream, const struct map_study *study, size_t series,
                      size_t moment)
{
    char text[UNITS_TEXT_BYTES];
    const struct heap_map_numbers *numbers = &study->series[series].map[moment].numbers;
    stream_print(stream, "Heap map: ");
    stream_line_text(stream, study->workload);
    stream_print(stream, " under ");
    map_words_allocator(stream, study->series[series].allocator);
    stream_print(stream, ", at %s\t", study->moment[moment]);
    stream_print(stream, "%s resident: ", units_print_bytes(text, numbers->resident_bytes));
    put_share(stream, numbers);
    stream_print(stream, ", %s in pages without a live byte; ",
                 units_print_bytes(text, numbers->empty_bytes));
    put_moment(stream, study, series, moment);
    stream_print(stream, "\t");
}

static int write_one(FILE *file, const struct map_study *study, size_t series, size_t moment,
                     const struct map_axis *axis, const struct map_grid *grid, const bool *codes)
{
    const struct heap_map *map = &study->series[series].map[moment];
    struct stream stream;
    stream_init(&stream, file);
    stream_print(&stream, "title\tsubtitle\tscale\twidth\theight\tpixels\twalked\n");
    put_title(&stream, study, series, moment);
    map_words_scale(&stream, &grid->scale, map->page_bytes);
    stream_print(&stream, "\t%u\t%u\t%u\t%d\n\n\n", grid->scale.columns * grid->scale.pixels,
                 grid->rows * grid->scale.pixels, grid->scale.pixels, map->walked);
    put_codes(&stream, codes);
    map_words_bands(&stream, grid, axis);
    map_words_numbers(&stream, map);
    map_words_occupancy(&stream, map);
    map_words_free_sizes(&stream, map);
    map_words_free_strip(&stream, grid, map);
    return stream_finish(&stream);
}

int map_tables_write_one(const struct map_study *study, size_t series, size_t moment,
                         const char *folder, const char *name, char *message)
{
    const struct heap_map *map = &study->series[series].map[moment];
    struct map_axis axis;
    struct map_grid grid = {0};
    struct map_scale scale;
    bool codes[UINT8_MAX + 1] = {false};
    char *table = NULL, *pixels = NULL;
    int result = 0;
    if (map_axis_init(&axis, map, 1) < 0 ||
        map_scale_choose(&scale, &axis, 1, ONE_WIDTH_PIXELS, ONE_HEIGHT_PIXELS) < 0 ||
        map_grid_init(&grid, &axis, scale) < 0 || asprintf(&pixels, "%s/%s.bin", folder, name) < 0)
        result = message_set(message, "out of memory");
    if (result == 0)
        result = write_pixels(&grid, map, pixels, codes, message);
    FILE *file = result == 0 ? open_table(folder, name, ".tsv", &table) : NULL;
    if (result == 0 &&
        (file == NULL || write_one(file, study, series, moment, &axis, &grid, codes) < 0))
        result = cannot_write(message, table != NULL ? table : name);
    if (file != NULL && fclose(file) != 0 && result == 0)
        result = cannot_write(message, table);
    free(table);
    free(pixels);
    map_grid_release(&grid);
    map_axis_release(&axis);
    return result;
}

/* ---- panels --------------------------------------------------------------------- */

struct sheet {
    const struct map_study *study;
    const struct map_panel *panel;
    size_t count, columns, lines;
    struct map_axis *axis; /* of each panel; those of one process have the same */
    struct map_scale scale;
    int64_t resident_most_bytes;
    bool codes[UINT8_MAX + 1];
};

static const struct heap_map *map_of(const struct sheet *sheet, size_t panel)
{
    return &sheet->study->series[sheet->panel[panel].series].map[sheet->panel[panel].moment];
}

/* Rows of two to four, as even as can be. */
static void arrange(struct sheet *sheet)
{
    sheet->columns = sheet->count < 4                        ? sheet->count
                     : sheet->count < 7 && sheet->count != 4 ? 3
                                                             : 4;
    if (sheet->count == 4 && !sheet->study->film)
        sheet->columns = 2;
    sheet->lines = (sheet->count + sheet->columns - 1) / sheet->columns;
}

static int lay_out(struct sheet *sheet)
{
    const struct map_study *study = sheet->study;
    sheet->axis = calloc(sheet->count, sizeof *sheet->axis);
    if (sheet->axis == NULL)
        return -1;
    for (size_t i = 0; i < sheet->count; i++) {
        const struct map_series *series = &study->series[sheet->panel[i].series];
        const struct heap_map *map = map_of(sheet, i);
        if (map->numbers.resident_bytes > sheet->resident_most_bytes)
            sheet->resident_most_bytes = map->numbers.resident_bytes;
        int result = study->film ? map_axis_init(&sheet->axis[i], series->map, series->count)
                                 : map_axis_init(&sheet->axis[i], map, 1);
        if (result < 0)
            return -1;
    }
    size_t width = (SHEET_WIDTH_PIXELS - (sheet->columns - 1) * PANEL_GAP_PIXELS) / sheet->columns;
    size_t height = PANELS_HEIGHT_PIXELS / sheet->lines;
    if (height > PANEL_HEIGHT_MOST)
        height = PANEL_HEIGHT_MOST;
    if (height < PANEL_HEIGHT_LEAST)
        height = PANEL_HEIGHT_LEAST;
    return map_scale_choose(&sheet->scale, sheet->axis, sheet->count, (unsigned)width,
                            (unsigned)height);
}

static double part_of(int64_t bytes, int64_t of_bytes)
{
    return of_bytes > 0 ? (double)bytes / (double)of_bytes : 0;
}

/* One row of the table, and the panel's pixels. */
static int put_panel(struct sheet *sheet, size_t index, struct stream *stream, const char *folder,
                     const char *name, char *message)
{
    const struct heap_map_numbers *numbers = &map_of(sheet, index)->numbers;
    struct map_grid grid;
    char *path = NULL, text[UNITS_TEXT_BYTES];
    if (map_grid_init(&grid, &sheet->axis[index], sheet->scale) < 0 ||
        asprintf(&path, "%s/%s-%zu.bin", folder, name, index + 1) < 0) {
        map_grid_release(&grid);
        return message_set(message, "out of memory");
    }
    int result = write_pixels(&grid, map_of(sheet, index), path, sheet->codes, message);
    stream_print(stream, "%s-%zu.bin\t", name, index + 1);
    stream_line_text(stream, sheet->panel[index].label);
    stream_print(stream, "\t%s, ", units_print_bytes(text, numbers->resident_bytes));
    put_share(stream, numbers);
    stream_print(stream, "\t%s\t%u", units_print_bytes(text, numbers->empty_bytes),
                 grid.rows * grid.scale.pixels);
    int64_t most = sheet->resident_most_bytes;
    stream_print(stream, "\t%.4f\t%.4f\t%.4f\n", part_of(numbers->live_resident_bytes, most),
                 part_of(numbers->resident_bytes - numbers->live_resident_bytes -
                             numbers->empty_bytes,
                         most),
                 part_of(numbers->empty_bytes, most));
    free(path);
    map_grid_release(&grid);
    return result;
}

static void put_sheet_facts(struct sheet *sheet, struct stream *stream)
{
    const struct map_study *study = sheet->study;
    stream_print(stream, "title\tsubtitle\tpanels\tcolumns\tpanel_width\n");
    stream_print(stream, study->film ? "Heap over time: " : "Heap maps: ");
    stream_line_text(stream, study->workload);
    if (study->film) {
        stream_print(stream, " under ");
        map_words_allocator(stream, study->series[sheet->panel[0].series].allocator);
        stream_print(stream, "\tA page stays in its place. ");
    } else {
        stream_print(stream, ", at %s\tOne scale for all: area is memory. ",
                     study->moment[sheet->panel[0].moment]);
    }
    map_words_scale(stream, &sheet->scale, map_of(sheet, 0)->page_bytes);
    stream_print(stream, "\t%zu\t%zu\t%u\n\n\n", sheet->count, sheet->columns,
                 sheet->scale.columns * sheet->scale.pixels);
}

static int write_sheet(struct sheet *sheet, FILE *file, const char *folder, const char *name,
                       char *message)
{
    struct stream stream;
    int result = 0;
    stream_init(&stream, file);
    put_sheet_facts(sheet, &stream);
    stream_print(&stream,
                 "pixels\tlabel\tfigures\tempty\theight\tlive_part\trest_part\tempty_part\n");
    for (size_t i = 0; i < sheet->count && result == 0; i++)
        result = put_panel(sheet, i, &stream, folder, name, message);
    stream_print(&stream, "\n\n");
    put_codes(&stream, sheet->codes);
    if (stream_finish(&stream) < 0 && result == 0)
        result = cannot_write(message, name);
    return result;
}

int map_tables_write_panels(const struct map_study *study, const struct map_panel *panels,
                            size_t count, const char *folder, const char *name, char *message)
{
    struct sheet sheet = {.study = study, .panel = panels, .count = count};
    char *path = NULL;
    arrange(&sheet);
    int result = lay_out(&sheet) < 0 ? message_set(message, "out of memory") : 0;
    FILE *file = result == 0 ? open_table(folder, name, ".tsv", &path) : NULL;
    if (result == 0 && file == NULL)
        result = cannot_write(message, path != NULL ? path : name);
    if (file != NULL)
        result = write_sheet(&sheet, file, folder, name, message);
    if (file != NULL && fclose(file) != 0 && result == 0)
        result = cannot_write(message, path);
    for (size_t i = 0; sheet.axis != NULL && i < count; i++)
        map_axis_release(&sheet.axis[i]);
    free(sheet.axis);
    free(path);
    return result;
}
