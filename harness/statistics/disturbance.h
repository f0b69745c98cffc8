/*
 * What disturbed a single timed trial, as far as its own record shows it. A disturbed trial is
 * flagged, never dropped: which trials are disturbed depends on how long they take, so leaving
 * them out would favour one side. docs/method.md says where the limits come from.
 */
#ifndef HEAPMARK_DISTURBANCE_H
#define HEAPMARK_DISTURBANCE_H

#include "record.h"

#include <stddef.h>

/* X(name, word, limit, what the figure is). Flagged beyond the limit. */
#define DISTURBANCES(X)                                                                        \
    X(STEAL, "steal", 0.05,                                                                    \
      "time that the hypervisor took on all CPUs, as a share of the trial's")                  \
    X(PREEMPTED, "preempted", 50, "involuntary context switches a second and thread")          \
    X(WAITED, "waited", 0.05, "share of its time that a thread was ready and had no CPU")      \
    X(SLOW, "slow", 1.2,                                                                       \
      "median over laps of this lap / the same lap of the cell's quickest quarter of trials: " \
      "another clock frequency, or noise that the system does not see")                        \
    X(UNEVEN, "uneven", 1.5, "p90 / p10 over laps of the same ratio: bursts within the trial")

enum disturbance {
#define X(name, word, limit, help) DISTURBANCE_##name,
    DISTURBANCES(X)
#undef X
        DISTURBANCE_COUNT
};

/* The others of a cell that its laps are held against. */
enum { DISTURBANCE_TRIALS_LEAST = 4 };

const char *disturbance_word(enum disturbance disturbance);
double disturbance_limit(enum disturbance disturbance);

/* Figures of one trial, NAN where its record does not tell; `quick_lap_ns` has a value for each of
 * its laps (NULL: SLOW and UNEVEN stay NAN), `scratch` room for as many. */
void disturbance_figures(const struct trial_record *trial, const double *quick_lap_ns,
                         double *scratch, double figures[DISTURBANCE_COUNT]);
/* One bit for each figure beyond its limit: 1 << DISTURBANCE_x. */
unsigned disturbance_flags(const double figures[DISTURBANCE_COUNT]);

/* The flags of the trials of one cell, `count` of one workload, allocator and pass, into `flags`;
 * 0 for those that are not OK. Returns 0, or -1 with errno ENOMEM. */
int disturbance_of_cell(const struct trial_record *const *trials, size_t count, unsigned *flags);

/* The words of the flags with a blank between them, "" for none; returns `text`
 * (DISTURBANCE_TEXT_BYTES). */
enum { DISTURBANCE_TEXT_BYTES = 64 };
char *disturbance_text(unsigned flags, char *text);

#endif
