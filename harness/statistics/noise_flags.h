/*
 * What disturbed a comparison, as far as it shows in its own laps and trial records: each flag with
 * the figure it rests on. Flags explain and warn; they never change a verdict, and no trial is
 * dropped for one.
 */
#ifndef HEAPMARK_NOISE_FLAGS_H
#define HEAPMARK_NOISE_FLAGS_H

#include "verdict.h"

#include <stdbool.h>
#include <stddef.h>

/* X(name, word, limit, what the figure is). Raised beyond the limit; SHORT below it. */
#define NOISE_FLAGS(X)                                                                             \
    X(HOST, "host", 1.3,                                                                           \
      "p90 / p10 over trials of a lap position, the median position; with little run delay: "      \
      "noise from outside this system")                                                            \
    X(STEAL, "steal", 0.005, "share of CPU time that the hypervisor took")                         \
    X(BUSY, "busy", 0.05, "share of the wall time that trials waited for a CPU")                   \
    X(DRIFT, "drift", 0.3, "correlation of each pair's time with the next pair's")                 \
    X(HALVES, "halves", 1.0,                                                                       \
      "difference of the estimates from the first and the second half of the pairs, in widths of " \
      "the interval")                                                                              \
    X(BIMODAL, "bimodal", 8.0,                                                                     \
      "distance of two clusters of trial times, in standard deviations of a cluster")              \
    X(TRACKS, "tracks", 1.0,                                                                       \
      "difference of the two tracks' estimates, in half-widths of the wider interval")             \
    X(TAIL, "tail", 1.0,                                                                           \
      "difference of the estimates from whole trials and of the verdict, in sums of "              \
      "half-widths: rare slow laps moved")                                                         \
    X(SHORT, "short", 500000, "median lap, ns")                                                    \
    X(NOLAPS, "no laps", 0, "1: whole trials only, which takes many more pairs")                   \
    X(THREADS, "threads", 1.0, "threads of the workload per CPU")

enum noise_flag_name {
#define X(name, word, limit, help) NOISE_##name,
    NOISE_FLAGS(X)
#undef X
        NOISE_FLAG_COUNT
};

struct noise_flag {
    bool raised;
    double figure; /* NAN: not known */
};

/* The trials of one side in the order they were run in; borrowed. NAN: not measured. */
struct noise_trials {
    size_t trials, laps;
    const double *lap_ns;                            /* trials x laps */
    const double *whole_ns;                          /* of the clock compared */
    const double *wall_ns, *run_delay_ns, *steal_ns; /* wall clock; one a trial each */
};

struct noise_place {
    unsigned cpus;    /* of the machine, 0: not known */
    unsigned threads; /* of the workload, 0: not known */
};

/* `flags` has NOISE_FLAG_COUNT places. Both sides have as many trials; `cell` is of the same pairs.
 * Returns 0, or -1 with errno ENOMEM. */
int noise_flags(const struct noise_trials *base, const struct noise_trials *new,
                const struct verdict_cell *cell, const struct noise_place *place,
                struct noise_flag *flags);

const char *noise_flag_word(enum noise_flag_name name);
double noise_flag_limit(enum noise_flag_name name);

/* Correlation of each value with the next; NAN for less than 3 or where all are equal. */
double lag_one_correlation(const double *values, size_t count);

/* How far apart the two best clusters of values lie: the cut of the sorted values that leaves the
 * least sum of squares within (Fisher 1958), each side a tenth of the values at least and two; then
 * |difference of means| / root mean square deviation within. Sorts them. About 2.7 for normal
 * and 3.5 for uniform values; 8 and more needs a gap. NAN for less than 8. */
double cluster_distance(double *values, size_t count);

#endif
