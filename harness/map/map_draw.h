/*
 * Draws the pictures of a study: for each allocator and moment a map; where there are several
 * allocators, all side by side; of frames, a film strip an allocator.
 */
#ifndef HEAPMARK_MAP_DRAW_H
#define HEAPMARK_MAP_DRAW_H

#include "chart_file.h"
#include "map_study.h"

struct map_drawing {
    const char *plots;  /* folder of scripts */
    const char *tables; /* existing folders */
    const char *output;
    chart_written_fn *written;
    void *argument;
};

/* Returns 0, or -1 with a message about the first picture that failed. */
int map_draw(const struct map_study *study, const struct map_drawing *drawing, char *message);

#endif
