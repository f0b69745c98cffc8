/*
 * The floor of a set of timed trials, and how it differs between two sides.
 *
 * Of n trials of R laps each, the floor is the sum over the R lap positions of the k-th smallest
 * time among the n trials at that position, k = ceil(n / 10). It needs one quiet moment per lap
 * position somewhere in the n trials, and not a quiet trial; hence it is good where disturbances
 * are short and rarer than one in ten, and no better than another where no moment is quiet. The
 * estimate is ln(floor of NEW / floor of BASE).
 *
 * Test: the label-flip test (Fisher 1935; Pitman 1937). In each pair the order of the two trials
 * was drawn by lot, so that if NEW takes e^shift times as long as BASE would have in its place,
 * then after dividing NEW by e^shift the two labels of any pair may be exchanged and the data are
 * as likely as before: whatever the noise does over time, and however pairs depend on each other.
 * `p` is two-sided: the share of random exchanges whose |ln ratio| is at least that observed, the
 * observed counted in: (1 + hits) / (1 + flips) (Phipson and Smyth 2010), or, when drawing stops at
 * a number of hits set beforehand, hits / flips drawn (Besag and Clifford 1991). Both are p-values:
 * P(p <= x) <= x.
 *
 * Interval: the shifts that the test does not reject. It is an interval, and bisection finds its
 * ends, because for every exchange s the difference T_s(shift) - T(shift) of the exchanged and the
 * observed ln ratio never falls as the shift rises: T has slope -1 everywhere, and T_s, the log of
 * a ratio of two sums of order statistics of which each falls with slope between -1 and 0, has a
 * slope of at least -1. So each exchange turns from no hit to a hit once on the way up to the
 * estimate, and back once beyond it (the exchange of all the other pairs has -T_s), with the same
 * exchanges drawn for every shift.
 *
 * The smallest p to be had is about 2 P(Binomial(n, 1/2) < k), from exchanges that leave fewer than
 * k of one side's own: 4e-5 at n = 20, 6e-8 at n = 40.
 */
#ifndef HEAPMARK_FLOOR_RATIO_H
#define HEAPMARK_FLOOR_RATIO_H

#include <stddef.h>
#include <stdint.h>

enum { FLOOR_PAIRS_MAXIMUM = 1024 };

struct floor_entry;

struct floor_ratio {
    size_t pairs, laps, rank;  /* rank: k above */
    struct floor_entry *entry; /* owned: by lap, `pairs` of BASE ascending, then of NEW */
    struct floor_entry *order; /* owned: the same merged, of the shift last looked at */
    uint64_t *word;            /* owned: one a pair, 64 exchanges side by side */
};

struct floor_flips {
    size_t flips;  /* random exchanges at most, at least 1 */
    size_t enough; /* stop at so many hits; 0: never */
    uint64_t seed;
};

struct floor_interval {
    double low, high; /* of ln ratio; both NAN: no interval of that level exists */
    double level;     /* what it covers at least; NAN: none */
};

/* `base` and `new` hold pairs x laps times above 0, pair by pair, in one unit; 1 <= pairs <=
 * FLOOR_PAIRS_MAXIMUM, laps >= 1. They are copied. Returns 0, or -1 with errno EINVAL (out of
 * range) or ENOMEM. */
int floor_ratio_init(struct floor_ratio *floors, const double *base, const double *new,
                     size_t pairs, size_t laps);
void floor_ratio_release(struct floor_ratio *floors);

double floor_ratio_estimate(struct floor_ratio *floors);

/* Two-sided p of `shift` being the true ln ratio. */
double floor_ratio_p(struct floor_ratio *floors, double shift, const struct floor_flips *flips);

/* The interval that leaves out what has p <= alpha; ends are found to 1e-5 plus a hundredth of the
 * half-width, on the outside. `flips->enough` is not used: whether p is below alpha is settled
 * exactly. It exists if a p <= alpha does: of (1 + flips) alpha < 1, none does. */
struct floor_interval floor_ratio_interval(struct floor_ratio *floors, double alpha,
                                           const struct floor_flips *flips);

#endif
