/*
 * What a machine can show: the noise floor and the smallest change, from pairs of one allocator
 * compared with itself, by the method of verdict.h.
 *
 * Both sides being the same, the labels of each pair may be drawn again and again: every drawing
 * is a series that the same machine might as well have given. With NEW made slower by a known
 * share each drawing is a comparison whose right answer is known, under just the noise that there
 * was. (That a change multiplies times is assumed; and drawings of one series are no substitute for
 * series of other hours.)
 */
#ifndef HEAPMARK_SELF_NOISE_H
#define HEAPMARK_SELF_NOISE_H

#include "verdict.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SELF_NOISE_LOOKS = 4, /* 20, 40, 80, 160 pairs */
    SELF_NOISE_PAIRS_LEAST = 20,
    SELF_NOISE_DRAWINGS = 20,
    SELF_NOISE_FOUND_LEAST = 18, /* of them: 9 in 10 */
};
extern const size_t self_noise_looks[SELF_NOISE_LOOKS];

struct self_noise_look {
    size_t pairs;
    /* Half of the width of the interval that a comparison would report after so many pairs, as a
     * relative change: the median over stretches of the series; NAN: none has one. */
    double half_width;
    bool extrapolated; /* by 1 / sqrt(pairs) from the look before: the series is shorter */
};

struct self_noise {
    size_t pairs;      /* of the series */
    double pair_s;     /* that one takes */
    size_t look_count; /* that a minute has time for; 1 at least */
    struct self_noise_look look[SELF_NOISE_LOOKS];
    double smallest;            /* change found in 9 drawings of 10; NAN: none up to 50 % is */
    bool smallest_extrapolated; /* as above */
    struct verdict_cell self;   /* of the series as it was run: SAME, one hopes */
};

/* `pairs` of one allocator with itself, times, SELF_NOISE_PAIRS_LEAST of them at least, which took
 * `pair_s` each; `alpha` as in verdict.h. Takes about a second a hundred pairs. Returns 0, or -1
 * with errno EINVAL or ENOMEM. */
int self_noise_compute(struct self_noise *noise, const struct verdict_pairs *pairs, double pair_s,
                       double alpha);

#endif
