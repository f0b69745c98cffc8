/*
 * Wilcoxon's rank-sum test of two independent samples (Mann and Whitney 1947), and the estimate and
 * interval of the shift between them (Hodges and Lehmann 1963; Hollander and Wolfe 1999, 4.1
 * to 4.3).
 *
 * What is assumed: all values are independent, within a side and between, and the sides differ
 * by a shift. Times that were taken one after the other on a shared machine are not independent:
 * docs/verdicts.md has how wrong this goes. It is for what has no pairs.
 *
 * Exact, given the ties that there are, up to RANK_SUM_EXACT_MAXIMUM values a side; beyond it the
 * normal approximation with corrections for ties and continuity.
 */
#ifndef HEAPMARK_RANK_SUM_H
#define HEAPMARK_RANK_SUM_H

#include "signed_rank.h"

#include <stddef.h>

enum { RANK_SUM_EXACT_MAXIMUM = 50 };

struct sample {
    const double *values;
    size_t count;
};

/* The sum of the ranks that `b` has among all values, ties sharing the mean of theirs. NAN when
 * memory is short. */
double rank_sum_statistic(struct sample a, struct sample b);

/* p of no shift from `a` to `b`; TAIL_GREATER: against `b` being the larger. 1 when a side is
 * empty; NAN when memory is short. */
double rank_sum_p(struct sample a, struct sample b, enum tail tail);

/* `b` minus `a`: the median of all differences of two, with the interval from the exact
 * distribution without ties; with ties it covers rather more. Takes memory for as many doubles as
 * there are differences meanwhile. Returns 0, or -1 with errno ENOMEM. With an empty side all is
 * NAN. */
int rank_sum_shift(struct sample a, struct sample b, double alpha, struct shift *shift);

#endif
