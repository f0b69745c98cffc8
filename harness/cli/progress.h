/*
 * How far a run is: a bar with the time left on a terminal, plain lines elsewhere; on standard
 * error in both cases, so that the table on standard output stays clean.
 */
#ifndef HEAPMARK_PROGRESS_H
#define HEAPMARK_PROGRESS_H

#include "record.h"

struct progress {
    bool terminal;
    bool quiet;
    bool drawn; /* a bar stands on the current line */
    size_t total, done;
    int64_t started_ns, last_line_ns; /* CLOCK_MONOTONIC */
    size_t last_tenth;
};

void progress_init(struct progress *progress, const struct run *run, bool quiet);
/* A trial has ended; `done` of run->trial_count need not be run any more. A conduct_progress_fn. */
void progress_step(void *progress, const struct run *run, const struct trial_record *record,
                   size_t done);
/* Takes the bar away, so that something else can be printed. */
void progress_clear(struct progress *progress);

#endif
