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

/* Room for one figure a trial (or a workload), and behind them all laps of the longest one. */
size_t summary_values_needed(const struct run *run);

/* How many blocks the timed trials are in. */
unsigned summary_blocks(const struct run *run);

/* exp(sign * shift) of `count` log-ratios, with the ends of the interval in order. Returns 0, or -1
 * with errno ENOMEM. */
int summary_estimate_ratio(const double *logs, size_t count, int sign, struct estimate *estimate);
/* log(CPU time of the trial / of the reference), both OK: the median over laps. NAN where there is
 * no such ratio. `scratch` has room for the laps. */
double summary_log_cpu_ratio(const struct trial_record *reference, const struct trial_record *trial,
                             double *scratch);
/* In bytes; NAN: not measured. */
double summary_peak_rss(const struct trial_record *trial);

/* Fills in the means over the workloads, from cells that are complete. */
int summary_fill_means(struct summary *summary, double *values);

#endif
