/*
 * A curve that steps (live bytes over operations, or over time) in a fixed number of bins, each
 * holding the largest value within: thinning loses no peak. Nobody needs to know beforehand how far
 * the curve goes; when it leaves the last bin, bins are joined two by two.
 */
#ifndef HEAPMARK_LIVE_CURVE_H
#define HEAPMARK_LIVE_CURVE_H

#include <stddef.h>
#include <stdint.h>

enum { LIVE_CURVE_BINS = 2048 };

struct live_curve {
    uint64_t most[LIVE_CURVE_BINS];
    uint64_t last;  /* value after the last step */
    size_t bins;    /* in use */
    unsigned shift; /* a bin is 2^shift wide */
};

void live_curve_init(struct live_curve *curve);
/* From `at` on the value is `value`. `at` never falls. */
void live_curve_step(struct live_curve *curve, uint64_t at, uint64_t value);

struct live_curve_part {
    uint64_t end;  /* where it ends; it begins where the one before ends */
    uint64_t most; /* the largest value within */
};

/* [0, end) in equal parts but for the last, each 2^k wide: at most `room` (a power of two, at most
 * LIVE_CURVE_BINS), and more than half of that where `end` is as large. Returns how many. */
size_t live_curve_parts(const struct live_curve *curve, uint64_t end, struct live_curve_part *part,
                        size_t room);
/* For the eye: largest value over `width` equal parts of [0, end), into most[0..width-1]. A part
 * may see as much of its neighbours as a bin. */
void live_curve_resample(const struct live_curve *curve, uint64_t end, uint64_t *most,
                         size_t width);

#endif
