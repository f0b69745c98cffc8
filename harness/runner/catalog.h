/*
 * The workloads linked into this program, and what a user's text about one of them means.
 */
#ifndef HEAPMARK_CATALOG_H
#define HEAPMARK_CATALOG_H

#include "text.h"
#include "workload.h"

enum {
    CATALOG_WORKLOADS_MAXIMUM = 64,
    CATALOG_PARAMS_MAXIMUM = 32, /* of one workload, threads and laps included */
    CATALOG_PRESETS_MAXIMUM = 16,
};

/* The workloads in alphabetical order; their number. */
size_t catalog_list(const struct workload *workloads[CATALOG_WORKLOADS_MAXIMUM]);

/* The workload of that name (`length` bytes), or NULL with a line in `why` that names the
 * nearest one. */
const struct workload *catalog_find(const char *name, size_t length, struct text *why);

/* All parameters of a workload in one table: its own, then rate, arrivals and burst (where its laps
 * are made of requests), threads (where it may have more than one) and laps. */
struct param_table {
    const struct workload *workload;
    struct param params[CATALOG_PARAMS_MAXIMUM];
    uint64_t values[CATALOG_PARAMS_MAXIMUM];
    size_t count;
    size_t threads, laps; /* their places; threads == count: there is none, one is meant */
    size_t rate;          /* the place of rate, arrivals and burst, where there are requests */
    char laps_text[24];   /* the default of laps */
};

/* Everything at its default. */
void param_table_init(struct param_table *table, const struct workload *workload);
/* Takes "name=value,...", "preset" or "preset,name=value,..." (may be empty). Returns 0, or -1 with
 * a line in `why`. */
int param_table_parse(struct param_table *table, const char *text, struct text *why);
/* All parameters as "name=value,...", integers as plain decimals, choices as words. */
void param_table_print(const struct param_table *table, struct text *text);

/* Closed where there are no requests. */
struct pace param_table_pace(const struct param_table *table);
unsigned param_table_threads(const struct param_table *table);
unsigned param_table_laps(const struct param_table *table);

#endif
