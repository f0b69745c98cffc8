/*
 * A run that reads exact measures: few trials of each workload under some allocators and under the
 * control, the C library's own malloc. It is stored as any other.
 */
#ifndef HEAPMARK_EXACT_RUN_H
#define HEAPMARK_EXACT_RUN_H

#include "baseline.h"
#include "run_options.h"

#define EXACT_RUN_CONTROL "control"

struct exact_allocator {
    const char *name; /* under which it is read */
    const char *word; /* as allocator_add() takes it */
};

struct exact_request {
    const char *command;               /* "heapmark gate" */
    const struct run_options *options; /* workloads, seed, limits, store; the rest is ours */
    const struct baseline *workloads;  /* those of a baseline instead; NULL: the options' */
    const struct exact_allocator *allocators;
    size_t allocator_count;
    bool wanted[EXACT_MEASURE_COUNT];
    bool without_control;
    unsigned repeats; /* trials of each pass but the counting one */
};

/* Fills `readings`, which is to be released in either case. Returns 0, also when interrupted, or -1
 * with a message. `store` (NULL: not asked for) becomes where the trials are, to be freed. */
int exact_run(struct baseline *readings, const struct exact_request *request, char **store,
              char *message);

#endif
