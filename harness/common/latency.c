/* Bins of times of single calls; see latency.h. */
#include "latency.h"

#include "measures.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CALLS_BEHIND_MINIMUM = 10 };

static const char *const kind_names[] = {
#define X(name, text) [LATENCY_##name] = text,
    LATENCY_KINDS(X) LATENCY_REQUEST_KINDS(X)
#undef X
};

const char *latency_kind_name(unsigned kind)
{
    return kind_names[kind];
}

int latency_kind_parse(const char *name)
{
    for (int kind = 0; kind < LATENCY_KIND_COUNT; kind++)
        if (strcmp(kind_names[kind], name) == 0)
            return kind;
    return -1;
}

int64_t latency_class_bytes(unsigned size_class)
{
    return size_class < LATENCY_CLASSES - 1
               ? INT64_C(1) << (LATENCY_CLASS_FIRST_SHIFT + size_class * LATENCY_CLASS_SHIFT)
               : 0;
}

int latency_class_parse(int64_t bytes)
{
    for (unsigned size_class = 0; size_class < LATENCY_CLASSES; size_class++)
        if (latency_class_bytes(size_class) == bytes)
            return (int)size_class;
    return -1;
}

static int compare_times(const void *left, const void *right)
{
    const struct latency_bin *a = left, *b = right;
    return (a->time_ps > b->time_ps) - (a->time_ps < b->time_ps);
}

void latency_sort(struct latency_bin *bins, size_t count)
{
    if (count > 0)
        qsort(bins, count, sizeof *bins, compare_times);
}

int64_t latency_calls(const struct latency_bin *bins, size_t count)
{
    int64_t calls = 0;
    for (size_t i = 0; i < count; i++)
        calls += bins[i].calls;
    return calls;
}

int64_t latency_percentile_ps(const struct latency_bin *bins, size_t count, double share)
{
    int64_t calls = latency_calls(bins, count), passed = 0;
    /* 0.9 x 10 must be 9, not what comes out of binary fractions. */
    int64_t rank = (int64_t)ceil((double)calls * share - 1e-6);
    if (calls - rank < CALLS_BEHIND_MINIMUM)
        return MEASURE_NONE;
    for (size_t i = 0; i < count; i++)
        if ((passed += bins[i].calls) >= rank)
            return bins[i].time_ps;
    return MEASURE_NONE;
}
