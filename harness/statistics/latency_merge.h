/*
 * Times of single calls of one workload under one allocator, over all blocks: what percentiles far
 * out rest on. (The estimates of a summary cell are medians of the blocks' own percentiles.)
 */
#ifndef HEAPMARK_LATENCY_MERGE_H
#define HEAPMARK_LATENCY_MERGE_H

#include "summary.h"

#include <stdbool.h>

enum { LATENCY_ANY = -1 };

struct latency_merged {
    struct latency_bin *bins; /* owned, sorted by time */
    size_t count;
    int64_t calls;
    int64_t gap, timer_ps; /* of every trial; mean of the trials */
    bool paced;
};

/* The calls of one kind (or LATENCY_ANY) and class of sizes (the same) of the latency trials that
 * are OK; none is no failure. Returns 0, or -1 when memory is short; to be released. */
int latency_merge(struct latency_merged *merged, const struct summary *summary,
                  const struct trial_key *cell, int kind, int size_class);
void latency_merged_release(struct latency_merged *merged);

/* The longest, in ps; MEASURE_NONE: none. */
int64_t latency_merged_longest_ps(const struct latency_merged *merged);

/* Whether a latency trial of the workload was OK, under whatever allocator. */
bool latency_measured(const struct summary *summary, size_t workload);

#endif
