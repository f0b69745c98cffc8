/*
 * What the files that make verdicts share.
 */
#ifndef HEAPMARK_VERDICT_INTERNAL_H
#define HEAPMARK_VERDICT_INTERNAL_H

#include "verdict.h"

extern const struct verdict_estimate verdict_no_estimate;

/* Sets is_ratio and zone from the values at hand. `base` and `new` are of `count`. */
int verdict_set_scale(struct verdict_cell *cell, struct verdict_values base,
                      struct verdict_values new);

/* Half of an interval's width; INFINITY where there is none. */
double verdict_half_width(const struct verdict_estimate *estimate);

#endif
