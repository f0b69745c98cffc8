/*
 * Pairs of trials of one allocator with itself: what the noise of a machine is known by.
 *
 * Each trial is a fresh process, as those of a run; the two of a pair run back to back, the order
 * of their labels drawn by lot, with the same pad before the stack.
 */
#ifndef HEAPMARK_SELF_PAIRS_H
#define HEAPMARK_SELF_PAIRS_H

#include "paths.h"
#include "record.h"

#include <signal.h>

enum { SELF_PAIRS_MAXIMUM = 10000 };

struct self_pairs_request {
    const struct paths *paths;
    const struct workload_spec *workload; /* synthetic */
    const struct allocator *allocator;    /* probed */
    uint64_t seed;                        /* of the workload */
    uint64_t lot_seed;                    /* of the order within pairs */
    int64_t time_ns;                      /* no pair is begun after that, */
    size_t pairs_least;                   /* but for as many as this */
    int64_t time_limit_ns;                /* of a trial */
    const volatile sig_atomic_t *interrupted;
};

struct self_pairs {
    struct trial_record *trial; /* 2 x pairs, the two of a pair side by side; owned, with laps */
    size_t pairs;
    int64_t elapsed_ns; /* of all pairs */
};

/* Runs one pair more than it gives: the first warms up. Returns 0, also when interrupted, with the
 * pairs that are whole; or -1 with a message when a trial failed. To be released in either case. */
int self_pairs_run(struct self_pairs *pairs, const struct self_pairs_request *request,
                   char *message);
void self_pairs_release(struct self_pairs *pairs);

#endif
