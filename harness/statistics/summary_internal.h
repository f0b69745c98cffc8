/*
 * What the files that compute a summary share.
 */
#ifndef HEAPMARK_SUMMARY_INTERNAL_H
#define HEAPMARK_SUMMARY_INTERNAL_H

#include "summary.h"

#define SUMMARY_ALPHA 0.05 /* 1 - the level of every interval shown */

/* Trials of one workload, allocator and pass, by block: a stretch of summary->by_key. */
struct trial_span {
    const struct trial_record *const *trials;
    size_t count;
};
struct trial_span summary_span(const struct summary *summary, size_t workload, size_t allocator,
                               enum pass pass);

/* The cell of that place, to be filled in. */
struct summary_cell *summary_cell_mutable(struct summary *summary, size_t workload,
                                          size_t allocator);

extern const struct estimate summary_no_estimate; /* all NAN, of nothing */

/* Each fills in its part of one cell; `values` has room for one figure a trial of the
 * run, and behind it for the laps of any one trial. */
void summary_fill_status(struct summary *summary, size_t workload, size_t allocator);
void summary_fill_measures(struct summary *summary, size_t workload, size_t allocator,
                           double *values);
int summary_fill_ratios(struct summary *summary, size_t workload, size_t allocator, double *values);

/* Fills in the means over the workloads, from cells that are complete. */
int summary_fill_means(struct summary *summary, double *values);

#endif
