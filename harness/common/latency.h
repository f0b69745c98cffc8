/*
 * Times of single calls as the harness keeps them: bins of a histogram, of any number of trials.
 */
#ifndef HEAPMARK_LATENCY_H
#define HEAPMARK_LATENCY_H

#include "latency_sheet.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One call in so many is timed. */
enum {
    LATENCY_GAP_DEFAULT = 64,
    LATENCY_GAP_MAXIMUM = 1000000,
};

/* So many calls of one kind and class of sizes took so long: the middle of their bucket, of calls
 * timing's own time subtracted. The longest of its kind and class has a bin of its own, exact.
 * Requests have a kind and no size: they are of the class without limit. */
struct latency_bin {
    int64_t time_ps;
    int64_t calls;
    unsigned kind, size_class; /* enum latency_kind; 0 .. LATENCY_CLASSES - 1 */
};

/* X(name, title, share of calls that took no longer) */
#define LATENCY_PERCENTILES(X) \
    X(p50, "p50", 0.5)         \
    X(p90, "p90", 0.9)         \
    X(p99, "p99", 0.99)        \
    X(p999, "p99.9", 0.999)    \
    X(p9999, "p99.99", 0.9999)

/* "malloc"; the kind of that name, or -1. */
const char *latency_kind_name(unsigned kind);
int latency_kind_parse(const char *name);

/* The largest size of a class; 0: no limit. The class of such a size, or -1. */
int64_t latency_class_bytes(unsigned size_class);
int latency_class_parse(int64_t bytes);

static inline bool latency_kind_is_call(unsigned kind)
{
    return kind < LATENCY_CALL_KIND_COUNT;
}

/* Sorts by time. */
void latency_sort(struct latency_bin *bins, size_t count);
int64_t latency_calls(const struct latency_bin *bins, size_t count);

/* The least time that at least `share` of the calls of sorted bins did not exceed, in ps;
 * MEASURE_NONE when fewer than ten calls were slower: such a percentile is mere chance. */
int64_t latency_percentile_ps(const struct latency_bin *bins, size_t count, double share);

#endif
