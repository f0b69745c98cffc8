/*
 * Counts of values by powers of two. Class 0 holds 0, class 1 holds 1, class k > 1 those over
 * 2^(k-2) and up to 2^(k-1): a power of two ends its class, as it does in allocators.
 */
#ifndef HEAPMARK_HISTOGRAM_H
#define HEAPMARK_HISTOGRAM_H

#include <stdint.h>

enum { HISTOGRAM_CLASSES = 66 };

struct histogram {
    uint64_t count[HISTOGRAM_CLASSES];
    uint64_t total;
};

static inline unsigned histogram_class(uint64_t value)
{
    if (value < 2)
        return (unsigned)value;
    return 65 - (unsigned)__builtin_clzll(value - 1);
}

static inline void histogram_add(struct histogram *histogram, uint64_t value)
{
    histogram->count[histogram_class(value)]++;
    histogram->total++;
}

/* Smallest and largest value of a class. */
uint64_t histogram_least(unsigned class);
uint64_t histogram_most(unsigned class);
/* The classes from the first to the last that hold anything; false when none does. */
int histogram_span(const struct histogram *histogram, unsigned *first, unsigned *last);
/* The class stands in a run of more than two empty ones, which may be left out where it is shown. */
int histogram_gap(const struct histogram *histogram, unsigned class);
/* The largest value of the class in which the share `percent` of all has been reached: an upper
 * bound, at most twice the quantile. 0 when empty. */
uint64_t histogram_quantile(const struct histogram *histogram, unsigned percent);

#endif
