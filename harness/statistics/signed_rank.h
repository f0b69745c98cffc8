/*
 * Wilcoxon's signed-rank test of paired differences, and the estimate and interval that belong
 * to it (Hollander and Wolfe 1999, 3.1 to 3.3; Hodges and Lehmann 1963).
 *
 * All that is assumed is that each difference is symmetric about the shift; when the order
 * within each pair was drawn by lot, that holds exactly where the two sides do not differ,
 * whatever the noise does over time.
 *
 * Exact up to SIGNED_RANK_EXACT_MAXIMUM differences: the distribution of the statistic is summed
 * up, not approximated. Beyond it, the normal approximation with continuity correction.
 */
#ifndef HEAPMARK_SIGNED_RANK_H
#define HEAPMARK_SIGNED_RANK_H

#include <stddef.h>

enum { SIGNED_RANK_EXACT_MAXIMUM = 160 };

enum tail { TAIL_BOTH, TAIL_GREATER, TAIL_LESS };

struct shift {
    double value;     /* Hodges-Lehmann: median of the n(n+1)/2 means of two differences */
    double low, high; /* interval of the level below; NAN when there is none */
    double level;     /* what the interval truly covers, at least 1 - alpha; NAN: none */
};

/* P(V <= v) under no shift, for `count` differences without ties; V is the sum of the ranks of
 * the positive ones. */
double signed_rank_cumulative(size_t count, double v);

/* V of these differences: zeros are left out, ties share the mean of their ranks. `used` is the
 * number of differences that were not zero. NAN when memory is short. */
double signed_rank_statistic(const double *differences, size_t count, size_t *used);

/* p of no shift against a shift (TAIL_BOTH), against a shift above or below zero. With ties, the
 * exact distribution given those ties. 1 when all differences are zero or there are none; NAN when
 * memory is short. */
double signed_rank_p(const double *differences, size_t count, enum tail tail);

/* Estimate and interval. Zeros and ties take part; with them the interval covers rather more than
 * it says. Takes memory for count * (count + 1) / 2 doubles meanwhile. Returns 0, or -1 with
 * errno ENOMEM. With no differences all is NAN. */
int signed_rank_shift(const double *differences, size_t count, double alpha, struct shift *shift);

#endif
