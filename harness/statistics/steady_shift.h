/*
 * The shift of paired differences on a machine that disturbs some of the pairs: an exact test like
 * that of the signed ranks (signed_rank.h), with two things more.
 *
 * The order. In each pair one trial ran first; the second may find memory and caches as the first
 * has left them, which here was worth up to 3 %. With f = +d where BASE ran first and -d where NEW
 * did, an effect of the order is a centre of the f other than 0; it is taken off all of them.
 *
 * Scores. In place of its rank, a difference of size a weighs w(a / c), w(u) = u (1 - u^2)^2 up to
 * u = 1 and 0 beyond (Tukey's biweight: Beaton and Tukey 1974; Huber 1981, chapter 4), c being a
 * multiple of a low quantile of the sizes. Where most pairs agree, one that a burst or another
 * clock frequency has pulled far away counts for nothing.
 *
 * Why it is exact. The order of each pair was drawn by lot, so under 'NEW takes e^shift as long as
 * BASE', NEW's times divided by e^shift, both labels of any pair may be exchanged: f stays what it
 * is, and only the sign that turns it into d is new. Centre, c and scores are computed from the f
 * alone, so they stay, too; given them, each score has the sign of a fair coin, whatever the noise
 * does over time. The distribution of their sum is summed up exactly (scores are whole numbers up
 * to STEADY_SHIFT_SCORE). Nothing of this assumes that centre or c are right: if they are not,
 * power is lost, not truth.
 *
 * Interval: the least that holds all shifts with p > alpha. The function p(shift) may rise again
 * farther out, where differences lie in several heaps: ends are searched from the estimate
 * outwards, on to STEADY_SHIFT_BEYOND times the distance, and at each of the differences.
 */
#ifndef HEAPMARK_STEADY_SHIFT_H
#define HEAPMARK_STEADY_SHIFT_H

#include "signed_rank.h"

#include <stddef.h>

enum { STEADY_SHIFT_SCORE = 32, STEADY_SHIFT_BEYOND = 4 };

struct steady_pairs {
    const double *difference; /* ln(new / base) of each pair; borrowed */
    const signed char *order; /* +1: BASE ran first, -1: NEW did; NULL: not known, no centre */
    size_t count;
};

/* Two-sided p of `shift`; NAN when memory is short. 1 where nothing differs from it. */
double steady_shift_p(const struct steady_pairs *pairs, double shift);

/* Estimate (where the scores balance) and interval, ends found to 1e-5 plus a hundredth of their
 * distance, on the outside. No interval where no p is as small as alpha. Returns 0, or -1 with
 * errno ENOMEM. With no pairs all is NAN. */
int steady_shift(const struct steady_pairs *pairs, double alpha, struct shift *shift);

#endif
