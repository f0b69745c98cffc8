/*
 * Times of single calls and of requests of one workload under one allocator, over all blocks: what
 * percentiles far out rest on. (The estimates of a summary cell are medians of the blocks' own
 * percentiles.)
 */
#ifndef HEAPMARK_LATENCY_MERGE_H
#define HEAPMARK_LATENCY_MERGE_H

#include "summary.h"

#include <stdbool.h>

enum { LATENCY_ANY = -1 };

/* What has a table and a chart of its own. */
enum latency_group {
    LATENCY_OF_CALLS,    /* of latency passes */
    LATENCY_OF_REQUESTS, /* paced: of timed passes; otherwise of latency passes */
    LATENCY_GROUPS,
};
/* Its kinds are first .. end - 1; the first of calls is LATENCY_ANY, which is all calls. */
int latency_group_first(enum latency_group group);
int latency_group_end(enum latency_group group);

struct latency_merged {
    struct latency_bin *bins; /* owned, sorted by time */
    size_t count;
    int64_t calls;
    int64_t gap, timer_ps; /* of every trial; mean of the trials. Of requests 1 and 0 */
    bool paced;            /* the times count from when a call or request was due */
};

/* The calls of one kind (or LATENCY_ANY) and class of sizes (the same) of the trials that are OK;
 * none is no failure. Returns 0, or -1 when memory is short; to be released. */
int latency_merge(struct latency_merged *merged, const struct summary *summary,
                  const struct trial_key *cell, int kind, int size_class);
void latency_merged_release(struct latency_merged *merged);

/* The longest, in ps; MEASURE_NONE: none. */
int64_t latency_merged_longest_ps(const struct latency_merged *merged);

/* A trial of the workload that was OK and has such times, under whatever allocator; NULL: none. */
const struct trial_record *latency_measured(const struct summary *summary, size_t workload,
                                            enum latency_group group);

/* How the paced trials of a cell that are OK kept to their rate. */
struct latency_pace {
    size_t trials;
    double kept;     /* the time in which the requests were due / that in which they were served */
    double held;     /* share of the latter that was put off at the ends of laps; the most */
    int64_t backlog; /* the largest */
};
struct latency_pace latency_pace_kept(const struct summary *summary, const struct trial_key *cell);

#endif
