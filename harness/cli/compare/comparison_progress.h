/*
 * How far a comparison is, on standard error: what is settled, on one line that is redrawn on a
 * terminal, and as plain lines elsewhere.
 */
#ifndef HEAPMARK_COMPARISON_PROGRESS_H
#define HEAPMARK_COMPARISON_PROGRESS_H

#include "comparison.h"

struct comparison_progress {
    bool terminal, quiet, drawn;
    int64_t last_line_ns; /* CLOCK_MONOTONIC */
    size_t told;          /* workloads that had settled at the last plain line */
};

void comparison_progress_init(struct comparison_progress *progress, bool quiet);
/* A trial has ended; failures are told of also when quiet. */
void comparison_progress_step(struct comparison_progress *progress,
                              const struct comparison *comparison,
                              const struct trial_record *record);
void comparison_progress_clear(struct comparison_progress *progress);

#endif
