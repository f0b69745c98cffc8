/*
 * Times of single calls and of requests, counted in log-linear histograms in memory shared between
 * runner and harness; calls by kind and by size. One sheet a worker; the harness merges them.
 * Calls are counted in ticks (ticks.h), requests in ns.
 *
 * Up to LATENCY_EXACT ticks every tick has a bucket of its own; above, each doubling is parted
 * into LATENCY_EXACT / 2 of them, so that a bucket is at most 1/128 of its values wide. The
 * runner makes the file on TRIAL_LATENCY_FD as large as its workers need.
 */
#ifndef HEAPMARK_LATENCY_SHEET_H
#define HEAPMARK_LATENCY_SHEET_H

#include <stddef.h>
#include <stdint.h>

#define LATENCY_KINDS(X)  \
    X(MALLOC, "malloc")   \
    X(CALLOC, "calloc")   \
    X(ALIGNED, "aligned") \
    X(REALLOC, "realloc") \
    X(FREE, "free")
/* A request's time, from when it was due or, in a closed loop, from its start; where it was due,
 * also that from its start, and how much too late the worker woke that waited for it. */
#define LATENCY_REQUEST_KINDS(X) \
    X(REQUEST, "request")        \
    X(SERVICE, "service")        \
    X(WAKE_UP, "wake-up")

enum latency_kind {
#define X(name, text) LATENCY_##name,
    LATENCY_KINDS(X)
#undef X
        LATENCY_CALL_KIND_COUNT,
    LATENCY_BEFORE_REQUESTS = LATENCY_CALL_KIND_COUNT - 1,
#define X(name, text) LATENCY_##name,
    LATENCY_REQUEST_KINDS(X)
#undef X
        LATENCY_KIND_COUNT,
    LATENCY_REQUEST_KIND_COUNT = LATENCY_KIND_COUNT - LATENCY_CALL_KIND_COUNT,
};

enum {
    LATENCY_BITS = 7, /* of a value's mantissa, behind its first 1 */
    LATENCY_EXACT = 2 << LATENCY_BITS,
    LATENCY_VALUE_BITS = 42, /* what is longer, half an hour, counts as this long */
    LATENCY_BUCKETS = LATENCY_EXACT + (LATENCY_VALUE_BITS - LATENCY_BITS - 1) * (1 << LATENCY_BITS),
    /* Sizes up to 16 bytes, 64, 256, ... 1 MiB, and above. */
    LATENCY_CLASSES = 10,
    LATENCY_CLASS_FIRST_SHIFT = 4,
    LATENCY_CLASS_SHIFT = 2,
};

struct latency_histogram {
    uint64_t longest; /* ticks, to the tick */
    uint32_t calls[LATENCY_BUCKETS];
};

struct latency_sheet {
    struct latency_histogram of[LATENCY_CALL_KIND_COUNT][LATENCY_CLASSES];
    struct latency_histogram requests[LATENCY_REQUEST_KIND_COUNT];
} __attribute__((aligned(128))); /* no two workers share a cache line */

static inline unsigned latency_bucket(uint64_t ticks)
{
    if (ticks < LATENCY_EXACT)
        return (unsigned)ticks;
    if (ticks >= UINT64_C(1) << LATENCY_VALUE_BITS)
        return LATENCY_BUCKETS - 1;
    unsigned shift = 63 - (unsigned)__builtin_clzll(ticks) - LATENCY_BITS;
    return LATENCY_EXACT + (shift - 1) * (1 << LATENCY_BITS) +
           ((unsigned)(ticks >> shift) - (1 << LATENCY_BITS));
}

/* The least value of a bucket; of LATENCY_BUCKETS, the end of the last. */
static inline uint64_t latency_bucket_low(unsigned bucket)
{
    if (bucket < LATENCY_EXACT)
        return bucket;
    unsigned above = bucket - LATENCY_EXACT;
    unsigned shift = above / (1 << LATENCY_BITS) + 1;
    return (uint64_t)(above % (1 << LATENCY_BITS) + (1 << LATENCY_BITS)) << shift;
}

static inline unsigned latency_class(uint64_t bytes)
{
    unsigned shift = LATENCY_CLASS_FIRST_SHIFT;
    for (unsigned class = 0; class < LATENCY_CLASSES - 1; class ++, shift += LATENCY_CLASS_SHIFT)
        if (bytes <= UINT64_C(1) << shift)
            return class;
    return LATENCY_CLASSES - 1;
}

static inline struct latency_histogram *
latency_histogram_of(struct latency_sheet *sheet, enum latency_kind kind, unsigned size_class)
{
    return kind < LATENCY_CALL_KIND_COUNT ? &sheet->of[kind][size_class]
                                          : &sheet->requests[kind - LATENCY_CALL_KIND_COUNT];
}

static inline void latency_count(struct latency_sheet *sheet, enum latency_kind kind,
                                 uint64_t bytes, uint64_t time)
{
    struct latency_histogram *histogram = latency_histogram_of(sheet, kind, latency_class(bytes));
    histogram->calls[latency_bucket(time)]++;
    if (time > histogram->longest)
        histogram->longest = time;
}

#endif
