/*
 * Medians and what else follows from sorting alone, and means. Arrays hold finite numbers: the
 * caller has left out what is missing. Nothing allocates unless it says so.
 */
#ifndef HEAPMARK_ORDER_STATISTIC_H
#define HEAPMARK_ORDER_STATISTIC_H

#include <stddef.h>

/* Ascending, in place. */
void order_statistic_sort(double *values, size_t count);
/* The middle of sorted values, or the mean of the two in the middle; NAN for none. */
double order_statistic_median_sorted(const double *sorted, size_t count);
/* The same of any values, which it sorts in place. */
double order_statistic_median(double *values, size_t count);

/* The rank k, from 1, such that [k-th smallest, k-th largest] of `count` independent values
 * covers their median with a probability of at least 1 - alpha, whatever their distribution: the
 * largest k with 2 P(Binomial(count, 1/2) <= k - 1) <= alpha (Hollander and Wolfe 1999, 3.6).
 * 0: the sample is too small for any. `alpha` in (0, 1). */
size_t order_statistic_interval_rank(size_t count, double alpha);

/* exp of the mean of the logarithms; NAN for none, or where a value is not above 0. */
double geometric_mean(const double *values, size_t count);
/* NAN for none; the standard deviation (n - 1 in the denominator) also for one. */
double arithmetic_mean(const double *values, size_t count);
double standard_deviation(const double *values, size_t count);

#endif
