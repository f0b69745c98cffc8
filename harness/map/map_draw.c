/* The pictures of heap maps; see map_draw.h. */
#include "map_draw.h"

#include "map_tables.h"
#include "message.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_BYTES = 128 };

/* "heap-map-freelist-best": an allocator may be called anything, a file not. */
static void name_file(char name[NAME_BYTES], const char *what, const char *allocator)
{
    snprintf(name, NAME_BYTES, "%s-%s", what, allocator);
    for (char *c = name; *c != '\0'; c++)
        if (!isalnum((unsigned char)*c) && strchr("._-+", *c) == NULL)
            *c = '_';
}

static int draw(const struct chart_folders *folders, const char *script, const char *name,
                char *message)
{
    const struct chart chart = {.script = script, .name = name, .argument = name};
    return chart_file_draw(folders, &chart, message);
}

static int draw_panels(const struct map_study *study, const struct chart_folders *folders,
                       const struct map_panel *panels, size_t count, const char *name,
                       char *message)
{
    if (map_tables_write_panels(study, panels, count, folders->tables, name, message) < 0)
        return -1;
    return draw(folders, "heap_panels", name, message);
}

static int draw_film(const struct map_study *study, const struct chart_folders *folders,
                     size_t series, char *message)
{
    char name[NAME_BYTES];
    struct map_panel *panels = calloc(study->moments, sizeof *panels);
    if (panels == NULL)
        return message_set(message, "out of memory");
    for (size_t m = 0; m < study->moments; m++) {
        panels[m] = (struct map_panel){.series = series, .moment = m};
        snprintf(panels[m].label, sizeof panels[m].label, "%.*s %% of calls",
                 (int)strcspn(study->moment[m], "%"), study->moment[m]);
    }
    name_file(name, "heap-film", study->series[series].allocator->name);
    int result = draw_panels(study, folders, panels, study->moments, name, message);
    free(panels);
    return result;
}

static int draw_map(const struct map_study *study, const struct chart_folders *folders,
                    size_t series, char *message)
{
    char name[NAME_BYTES];
    name_file(name, "heap-map", study->series[series].allocator->name);
    if (map_tables_write_one(study, series, 0, folders->tables, name, message) < 0)
        return -1;
    return draw(folders, "heap_map", name, message);
}

/* All allocators at the one moment; with fewer than two there is nothing to put side by side. */
static int draw_side_by_side(const struct map_study *study, const struct chart_folders *folders,
                             char *message)
{
    size_t count = 0;
    struct map_panel *panels = calloc(study->count, sizeof *panels);
    if (panels == NULL)
        return message_set(message, "out of memory");
    for (size_t s = 0; s < study->count; s++) {
        if (study->series[s].count == 0)
            continue;
        panels[count] = (struct map_panel){.series = s};
        snprintf(panels[count].label, sizeof panels[count].label, "%s",
                 study->series[s].allocator->name);
        count++;
    }
    int result = 0;
    if (count > 1)
        result = draw_panels(study, folders, panels, count, "heap-map", message);
    free(panels);
    return result;
}

static int draw_all(const struct map_study *study, const struct chart_folders *folders,
                    char *message)
{
    for (size_t s = 0; s < study->count; s++) {
        if (study->series[s].count == 0)
            continue;
        int result = study->film ? draw_film(study, folders, s, message)
                                 : draw_map(study, folders, s, message);
        if (result < 0)
            return -1;
    }
    return study->film ? 0 : draw_side_by_side(study, folders, message);
}

int map_draw(const struct map_study *study, const struct map_drawing *drawing, char *message)
{
    struct chart_folders folders = {.written = drawing->written, .argument = drawing->argument};
    snprintf(folders.footer, sizeof folders.footer, "%s", study->footer);
    int result =
        chart_folders_find(&folders, drawing->plots, drawing->tables, drawing->output, message);
    if (result == 0)
        result = draw_all(study, &folders, message);
    chart_folders_release(&folders);
    return result;
}
