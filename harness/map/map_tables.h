/*
 * The tables that plots/heap_map.gp and plots/heap_panels.gp draw from: NAME.tsv, whose blocks are
 * parted by two empty lines and begin with a line of headings, and a .bin of pixels for each map.
 */
#ifndef HEAPMARK_MAP_TABLES_H
#define HEAPMARK_MAP_TABLES_H

#include "map_study.h"

/* One map of a study, and what is written above its panel. */
struct map_panel {
    size_t series, moment;
    char label[64];
};

/* Each writes into the existing folder and returns 0, or -1 with a message. */

/* One map with all that is known of it. */
int map_tables_write_one(const struct map_study *study, size_t series, size_t moment,
                         const char *folder, const char *name, char *message);
/* Maps side by side at one scale; `film`: of one process, on one axis of addresses. */
int map_tables_write_panels(const struct map_study *study, const struct map_panel *panels,
                            size_t count, const char *folder, const char *name, char *message);

#endif
