/*
 * Blow-up lap by lap: how it grows with the work done.
 *
 * Of a lap it is the largest RSS growth seen in it over its largest live bytes, so that memory
 * which is held while little lives counts. Laps are equal work, whatever time they took; so
 * allocators can be laid beside each other by them, which time does not allow. Taken from the
 * timelines. All trials of a workload make the same calls, so a lap's live bytes are the largest
 * that any of them was seen with. A lap without a sample, or with under 1 MiB live, has none (NAN).
 */
#ifndef HEAPMARK_BLOW_UP_LAPS_H
#define HEAPMARK_BLOW_UP_LAPS_H

#include "summary.h"

/* Largest live bytes of lap 1, 2, ... into live[0 .. laps - 1], over all timed trials of the
 * workload that are OK and have so many laps. */
void blow_up_live_by_lap(const struct run *run, size_t workload, int64_t laps, double *live);
/* Blow-up of each lap of the trial into values[0 .. laps - 1]. */
void blow_up_by_lap(const struct trial_record *trial, const double *live, double *values);

/* Per lap the median over the timed trials of the cell that are OK, and its interval. Returns how
 * many laps `curve` (owned by the caller, free) has; 0 with NULL: none has a figure; -1: no memory.
 */
int64_t blow_up_curve(const struct summary *summary, size_t workload, size_t allocator,
                      struct estimate **curve);
/* Fills in blow_up_early, _late and _growth; they stay absent where memory is short. */
void blow_up_fill(const struct summary *summary, size_t workload, size_t allocator,
                  struct summary_cell *cell);

#endif
