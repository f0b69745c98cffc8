/*
 * Many hypotheses at once: Holm's step-down procedure (Holm 1979, Scandinavian Journal of
 * Statistics 6: 65-70). Rejecting every hypothesis whose adjusted p is at most alpha rejects a true
 * one with a probability of at most alpha, however the p-values depend on each other.
 */
#ifndef HEAPMARK_HOLM_H
#define HEAPMARK_HOLM_H

#include <stddef.h>

/* Adjusted p-values: with p sorted, the running maximum of (count - rank) x p, at most 1. Both
 * arrays are of `count`, and may be the same. A NAN is taken for 1. Returns 0, or -1 with errno
 * ENOMEM. */
int holm_adjust(const double *p, size_t count, double *adjusted);

#endif
