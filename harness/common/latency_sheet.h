/*
 * Times of single calls, counted in log-linear histograms in memory shared between runner and
 * harness, by kind of call and by size. One sheet a worker; the harness merges them.
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

enum latency_kind {
#define X(name, text) LATENCY_##name,
    LATENCY_KINDS(X)
#undef X
        LATENCY_KIND_COUNT
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
    struct latency_histogram of[LATENCY_KIND_COUNT][LATENCY_CLASSES];
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

static inline void latency_count(struct latency_sheet *sheet, enum latency_kind kind,
                                 uint64_t bytes, uint64_t ticks)
{
    struct latency_histogram *histogram = &sheet->of[kind][latency_class(bytes)];
    histogram->calls[latency_bucket(ticks)]++;
    if (ticks > histogram->longest)
        histogram->longest = ticks;
}

#endif
