/*
 * A curve that steps (live bytes over operations, or over time) in a fixed number of bins, each
 * holding the largest value within: thinning loses no peak. Nobody needs to know beforehand how far
 * the curve goes; when it leaves the last bin, bins are joined two by two.
 */
#ifndef HEAPMARK_LIVE_CURVE_H
#define HEAPMARK_LIVE_CURVE_H

#include <stddef.h>
#include <stdint.h>

enum { LIVE_CURVE_BINS = 512 };

struct live_curve {
    uint64_t most[LIVE_CURVE_BINS];
    uint64_t last;  /* value after the last step */
    size_t bins;    /* in use */
    unsigned shift; /* a bin is 2^shift wide */
};

void live_curve_init(struct live_curve *curve);
/* From `at` on the value is `value`. `at` never falls. */
void live_curve_step(struct live_curve *curve, uint64_t at, uint64_t value);
/* Largest value over `width` equal parts of [0, end): into most[0..width-1]. */
void live_curve_resample(const struct live_curve *curve, uint64_t end, uint64_t *most,
                         size_t width);

#endif
