/*
 * What several commands do with a stored run: load it, and draw its charts.
 */
#ifndef HEAPMARK_REPORT_H
#define HEAPMARK_REPORT_H

#include "paths.h"
#include "record.h"
#include "summary.h"

#include <stdio.h>

struct report {
    struct run run;
    struct summary summary; /* of `run` */
    FILE *names;            /* where the files that are written are named: standard output */
};

/* Loads the run called `name` (NULL: the newest) from the store at `path`, and sums it up.
 * Returns 0, or -1 with a message. */
int report_load(struct report *report, const char *path, const char *name, char *message);
void report_release(struct report *report);

/* Draws every chart into `directory` (NULL: a folder named after the run beside the store at
 * `store_path`), the tables they are drawn from into its subfolder `tables`, and the exports
 * beside them; prints the name of each file written. Returns 0, or -1 with a message. */
int report_draw(const struct report *report, const struct paths *paths, const char *store_path,
                const char *directory, char *message);

/* "<results>/heapmark.db": the store unless an option names another. To be freed. */
char *report_default_store(const struct paths *paths);

/* Makes the folder and those above it. Returns 0, or -1 with errno. */
int make_folders(const char *path);

#endif
