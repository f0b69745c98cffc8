/*
 * Distributions of sizes as tables of quantiles, so that a draw costs a random number and one
 * load: a worker must not spend its time in logarithms.
 *
 * The tables are made in setup by arithmetic of our own instead of libm's, whose last bits
 * differ between versions: the same seed gives the same sizes everywhere.
 */
#ifndef HEAPMARK_DISTRIBUTION_H
#define HEAPMARK_DISTRIBUTION_H

#include "workload.h"

enum { DISTRIBUTION_BITS = 10, DISTRIBUTION_POINTS = 1 << DISTRIBUTION_BITS };

struct distribution {
    uint32_t quantile[DISTRIBUTION_POINTS]; /* at (i + 0.5) / DISTRIBUTION_POINTS, ascending */
};

/* Log-uniform: every octave from minimum to maximum is as likely. */
void distribution_log_uniform(struct distribution *distribution, uint32_t minimum,
                              uint32_t maximum);

struct log_normal {
    double median;
    double sigma;              /* of the natural logarithm */
    uint32_t minimum, maximum; /* what lies beyond is put at them */
};

void distribution_log_normal(struct distribution *distribution, const struct log_normal *shape);

/* A bounded Pareto tail: the upper `share` of the quantiles is replaced by a Pareto distribution
 * of index alpha from the quantile at which it begins up to `maximum`. */
struct pareto_tail {
    double share, alpha;
    uint32_t maximum;
};

void distribution_add_tail(struct distribution *distribution, const struct pareto_tail *tail);

static inline uint32_t distribution_at(const struct distribution *distribution, uint64_t random)
{
    return distribution->quantile[random >> (64 - DISTRIBUTION_BITS)];
}

static inline uint32_t distribution_draw(const struct distribution *distribution, uint64_t *state)
{
    return distribution_at(distribution, random_next(state));
}

#endif
