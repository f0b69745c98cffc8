/*
 * A small run with its chart tables in a folder of its own under /tmp: what the tests of the
 * charts draw from. The tables keep to the format that chart_tables.c states at its top.
 */
#ifndef HEAPMARK_CHART_FIXTURE_H
#define HEAPMARK_CHART_FIXTURE_H

#include "message.h"
#include "summary.h"

#include <stdbool.h>

enum { WORKLOADS = 2, NAMES_MAXIMUM = 12 };

struct fixture {
    char folder[64], tables[96], output[192];
    struct run run;
    struct summary summary;
    struct allocator allocators[NAMES_MAXIMUM];
    struct workload_spec workloads[WORKLOADS];
    struct summary_cell cells[WORKLOADS * NAMES_MAXIMUM];
    struct fact facts[1];
    size_t written;
    char message[MESSAGE_BYTES];
};

/* `names` of allocators end with NULL and are copied. Not `present`: all figures are NaN, and all
 * trials ended out of memory. */
struct fixture *fixture_create(const char *const *names, bool present);
/* Removes the folder. Returns how many files the output folder held, hidden ones too. */
size_t fixture_free(struct fixture *fixture);

#endif
