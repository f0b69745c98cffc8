/*
 * Conducts a run: takes the plan's trials one after the other through launch, sample and store.
 *
 * Timed trials run one at a time, alone. The untimed passes of synthetic and recorded workloads,
 * in which nothing is timed, run several at once. A workload that failed under an allocator is not
 * tried again in later blocks: the rest of that cell is 'skipped'.
 */
#ifndef HEAPMARK_CONDUCT_H
#define HEAPMARK_CONDUCT_H

#include "paths.h"
#include "program.h"
#include "record.h"
#include "recordings.h"
#include "store.h"

#include <signal.h>

/* After each trial; `done` counts all that need not be run any more, of run->trial_count. */
typedef void conduct_progress_fn(void *argument, const struct run *run,
                                 const struct trial_record *record, size_t done);

struct conduct {
    struct run *run;
    struct store *store;
    const struct paths *paths;
    const struct program_list *programs;
    const struct recordings *recordings; /* of the run's recorded workloads */
    const volatile sig_atomic_t *interrupted;
    conduct_progress_fn *progress; /* called with the conductor's lock held, from any thread */
    void *argument;
};

/* Runs every trial that is still 'planned'. Returns 0 when the plan is through or was
 * interrupted, -1 with a message when it could not go on (the store failed): what was stored
 * before stays. */
int conduct_run(const struct conduct *conduct, char *message);

#endif
