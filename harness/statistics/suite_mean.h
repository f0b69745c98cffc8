/*
 * The geometric mean of the ratios over the workloads of a suite, for this suite and no other, all
 * workloads weighing the same.
 *
 * Round j of a suite runs pair j of every workload. g_j is the mean over the workloads of d_ij, the
 * value of that pair (verdict_pair_values()); the estimate is that of Hodges and Lehmann over the
 * g_j, the interval the exact one of the signed ranks. It assumes what a paired verdict does:
 * exchanging the labels of all pairs of a round at once leaves the data as likely. Drawing the
 * order of each pair by lot makes that true under no change.
 */
#ifndef HEAPMARK_SUITE_MEAN_H
#define HEAPMARK_SUITE_MEAN_H

#include <stdbool.h>
#include <stddef.h>

struct suite_workload {
    const double *value; /* d_ij by round; NAN: that pair is missing; borrowed */
    size_t rounds;
    bool dropped; /* failed on one side at least: left out of both */
};

struct suite_mean {
    double value, low, high; /* ln ratio; NAN: none */
    double level;            /* of the interval; NAN: none */
    size_t rounds;           /* that every workload behind it has */
    size_t workloads;        /* behind it */
    size_t dropped;          /* left out: dropped, or without any round */
};

/* `alpha` of the interval: where the number of rounds followed from looks at the data, alpha /
 * looks makes it hold whenever it ended. Returns 0, or -1 with errno ENOMEM. */
int suite_mean(const struct suite_workload *workloads, size_t count, double alpha,
               struct suite_mean *mean);

#endif
