/*
 * Verdicts: whether NEW is better than BASE, worse, or the same, on one workload by one measure.
 * docs/verdicts.md has the method at length, its error rates, and its sources.
 *
 * Pairs. Pair i holds one trial of each side, run back to back in an order drawn by lot, both over
 * the same R laps of work. The data may depend on each other over time in any way. What is assumed:
 * had the labels of a pair been the other way round, and the values of NEW divided by the true
 * ratio, the data would have been as likely. Under 'no difference' the lot alone makes this true.
 *
 * Two tracks look at times, with half of alpha each. TRACK_LAPS: d_i = median over laps of
 * ln(new / base), exact test, estimate and interval over pairs with scores that leave disturbed
 * pairs out (steady_shift.h). TRACK_FLOOR: ratio of floors, label-flip p and interval
 * (floor_ratio.h). Measures that are not times have the first only, with all of alpha, and
 * Wilcoxon's signed ranks and Hodges and Lehmann's estimate (signed_rank.h) in it.
 *
 * Looks. Data are looked at after fixed numbers of pairs only, L of them at most, each track with
 * alpha / (L x tracks) a look. So, whatever is decided when:
 *
 * p = L x tracks x the smallest p of any track at any look so far (at most 1) is a p-value at every
 * moment: it is never below what it would be were all looks taken, which is a p-value by
 * Bonferroni's inequality. It only falls, so a workload may stop when it likes.
 *
 * The intervals of all tracks and looks, each of level 1 - alpha / (L x tracks), hold the truth
 * all at once with a probability of at least 1 - alpha; so does the one reported (the narrower, at
 * the last look), though data chose it and the moment.
 *
 * Family. Over the cells that gate, Holm's procedure goes over the p above (holm.h). It rejects at
 * most as much as it would if every cell took all its looks, since no p would be larger then and
 * Holm never rejects less when a p falls. That final procedure rejects some true 'no difference'
 * with a probability of at most alpha, so any way of stopping does, too, whichever workloads go on
 * because of whichever others. A cell rejected once stays rejected.
 *
 * Decisions, with zone Z = ln(1 + threshold), or the tolerance of the measure if that is more:
 *
 * WORSE, BETTER: p of the family <= alpha, all tracks' estimates on that side, and the reported
 * estimate is Z / 2 or more, and not below the tolerance.
 *
 * SAME: not so, and the whole reported interval lies within +-Z, and so does the estimate of the
 * other track.
 *
 * UNDECIDED: neither; more pairs are needed, or the reason says what else.
 *
 * The threshold is the zone: 'same' is a claim about everything that the data leave possible. Half
 * of it is what an estimate must reach to be called a change: were it all of it, a true change as
 * large as the threshold would be found half of the time, however many pairs there were. Between
 * the two (a change proven, of three quarters of the threshold, its interval within) the change is
 * named.
 *
 * Error rates: any truly unchanged cell of the family WORSE or BETTER: at most alpha, as the chance
 * of any at all, by the lot alone; for a family of one, WORSE at most alpha / 2, since the lot has
 * no side. The interval reported misses the truth: alpha for each cell. SAME where the truth is Z
 * or more away: at most alpha / 2 for each cell (an interval would have to miss it on its inner
 * side), not for the family. Beyond 'no difference' (intervals, SAME) it is assumed that the change
 * multiplies times and that both tracks have the same truth.
 */
#ifndef HEAPMARK_VERDICT_H
#define HEAPMARK_VERDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { VERDICT_LOOKS_MAXIMUM = 8 };

/* X(name, word for times, word for other measures, help) */
#define VERDICTS(X)                                                                          \
    X(UNDECIDED, "undecided", "undecided", "more pairs are needed, or the reason says more") \
    X(SAME, "same", "same", "the whole interval lies within the threshold")                  \
    X(BETTER, "faster", "better", "a change for the better, of half the threshold at least") \
    X(WORSE, "slower", "worse", "a change for the worse, of half the threshold at least")

enum verdict {
#define X(name, time_word, word, help) VERDICT_##name,
    VERDICTS(X)
#undef X
};

/* X(name, word, help) */
#define VERDICT_REASONS(X)                                                                       \
    X(NONE, "", "")                                                                              \
    X(FEW, "few pairs", "fewer pairs than the first look takes, or than an interval needs")      \
    X(WIDE, "wide", "the interval reaches beyond the threshold")                                 \
    X(TINY, "tiny", "there is a difference, estimated too small to be called one")               \
    X(TRACKS, "tracks disagree", "the two estimates contradict each other")                      \
    X(FAMILY, "one of many", "clear by itself, not clear enough among so many comparisons")      \
    X(UNREPEATABLE, "not repeatable", "an exact measure that varies by more than its tolerance") \
    X(NO_SCALE, "no scale",                                                                      \
      "no change proven, but nothing to judge 'same' by: no threshold, or of zero")

enum verdict_reason {
#define X(name, word, help) REASON_##name,
    VERDICT_REASONS(X)
#undef X
};

/* Where a cell's evidence comes from. */
enum verdict_design {
    DESIGN_PAIRED,      /* interleaved pairs, order drawn by lot: everything above holds */
    DESIGN_EXACT,       /* a deterministic measure, compared as it is */
    DESIGN_INDEPENDENT, /* two series taken one after the other: see verdict_independent() */
};

enum verdict_track_name { TRACK_LAPS, TRACK_FLOOR, TRACK_COUNT };

struct verdict_rules {
    double alpha;                        /* of the family, and of each cell's interval */
    size_t looks[VERDICT_LOOKS_MAXIMUM]; /* pairs at each look, rising */
    size_t look_count;
    size_t family; /* cells that gate, at most: how small a p must be attainable */
    uint64_t seed; /* of the label flips */
};
/* alpha 0.01, looks at 20, 40 and 80 pairs, a family of one, seed 1. */
extern const struct verdict_rules verdict_rules_default;

struct verdict_measure {
    bool is_time;          /* two tracks; also chooses the words */
    bool larger_is_better; /* throughput */
    bool gates;            /* takes part in the family */
    double threshold;      /* relative change: 0.02; what 'same' means */
    double tolerance;      /* change in units of the measure that never matters; 0: none */
};

/* Values of `pairs` pairs in the order they were run in, pair by pair, all of one unit; borrowed.
 */
struct verdict_pairs {
    size_t pairs, laps;       /* laps: 1 for what has none */
    const double *base, *new; /* pairs x laps */
    /* One a pair: +1 where BASE ran first, -1 where NEW did; NULL: not known. */
    const signed char *order;
    /* One a pair, with all of the trial in it; NULL: none. Never decides, but see noise_flags.h. */
    const double *base_whole, *new_whole;
};

/* On the scale of the cell: ln(new / base), or new - base in units. */
struct verdict_estimate {
    double value, low, high; /* low and high NAN: no interval */
};

struct verdict_cell {
    struct verdict_measure measure;
    enum verdict_design design;
    bool is_ratio;  /* scale: ln ratios; else differences, since some value was not above 0, or
                       BASE's  are within the tolerance */
    double zone;    /* half-width of 'same' on that scale */
    double least;   /* estimate that is called a change, on that scale */
    double typical; /* median of BASE, in units: what differences are relative to */
    size_t look;    /* looks taken */
    size_t pairs;   /* that the figures below rest on (independent: trials of the smaller side) */
    double level;   /* of the interval reported, over all looks and both tracks; NAN: none */
    struct verdict_estimate track[TRACK_COUNT]; /* at the last look; absent: all NAN */
    double track_p[TRACK_COUNT];                /* at the last look, of this look and track alone */
    enum verdict_track_name reported;
    struct verdict_estimate whole; /* of whole trials, Hodges-Lehmann, at the same level */
    double p;                      /* over looks and tracks: the cell by itself; NAN: exact */
    int direction;                 /* +1 NEW larger, -1 smaller, by the evidence behind p */
    /* by verdict_decide(): */
    double p_family;
    enum verdict verdict;
    enum verdict_reason reason; /* of UNDECIDED; of SAME: NONE or TINY */
    bool settled;               /* needs no further look */
    size_t pairs_needed; /* for an interval as narrow as the zone, by n (half-width / zone)^2 */
};

void verdict_cell_init(struct verdict_cell *cell, const struct verdict_measure *measure);

/* Takes the next look of the cell: at the first looks[cell->look] of the pairs. Returns 0, or -1
 * with errno EINVAL (no look left, or too few pairs, or times not above 0) or ENOMEM. */
int verdict_look(struct verdict_cell *cell, const struct verdict_rules *rules,
                 const struct verdict_pairs *pairs);

/* Decides every cell on the evidence it has, the gating ones as one family, others each by
 * itself. To be called again whenever cells have had a further look: all decisions are made anew,
 * also of cells that are settled, since a p among the others that has fallen may make theirs
 * suffice; a settled BETTER or WORSE stays. -1 with errno ENOMEM. */
int verdict_decide(struct verdict_cell *const *cells, size_t count,
                   const struct verdict_rules *rules);

/* A measure that repeats exactly (system calls, instructions): no p, no family. `base` and `new`
 * are the values of some trials each, 1 at least. The change lies between least(new) -
 * greatest(base) and greatest(new) - least(base): WORSE or BETTER if all of that is beyond the
 * tolerance (the larger of threshold x base and tolerance), SAME if all is within, else UNDECIDED.
 * Decided at once. */
struct verdict_values {
    const double *values;
    size_t count;
};
void verdict_exact(struct verdict_cell *cell, struct verdict_values base,
                   struct verdict_values new);

/* Two series of trials that were not interleaved, one value a trial: rank-sum test and shift
 * (rank_sum.h), one look. Its p is not to be trusted where the machine drifts: over and over, an
 * allocator so compared with itself differed in 18 % (n = 20) to 41 % (n = 40) of cases at a
 * nominal 1 %. So such a cell never gates, whatever its measure says: measure.gates becomes
 * false. verdict_decide() decides it. Returns 0, or -1 with errno EINVAL or ENOMEM. */
int verdict_independent(struct verdict_cell *cell, const struct verdict_rules *rules,
                        struct verdict_values base, struct verdict_values new);

/* d_i of every pair into `values`: the median over laps of ln(new / base); differences
 * where `is_ratio` is false. */
int verdict_pair_values(const struct verdict_pairs *pairs, bool is_ratio, double *values);

/* What a value on the scale of the cell is as a relative change (0.03 for 3 % more) of a ratio;
 * differences as they are. */
double verdict_change(const struct verdict_cell *cell, double value);
const char *verdict_name(const struct verdict_cell *cell);
const char *verdict_reason_name(enum verdict_reason reason);

#endif
