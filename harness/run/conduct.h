/*
 * Conducts a run: takes the plan's trials one after the other through launch, sample and store.
 *
 * Trials that are timed, and those whose calls are, run one at a time, alone, but for pairs in
 * lockstep, of which one stands while the other works. The untimed passes of
 * synthetic and recorded workloads, in which nothing is timed, run several at once. A workload that
 * failed under an allocator is not tried again in later blocks: the rest of that cell is 'skipped'.
 */
#ifndef HEAPMARK_CONDUCT_H
#define HEAPMARK_CONDUCT_H

#include "paths.h"
#include "program.h"
#include "record.h"
#include "recordings.h"
#include "store.h"

#include <signal.h>

/* The fact of a run that says how many calls its latency passes let by for one that they time. */
#define LATENCY_GAP_FACT "latency_gap"

/* The fact of a run whose timed trials count events. */
#define COUNTERS_FACT "counters"

/* Whether a trial that is planned is to be run now; what is not wanted stays planned. */
typedef bool conduct_wanted_fn(void *argument, const struct trial_key *key);
/* Whether a timed trial and the other of its row, both to be run now, take turns (lockstep.h). */
typedef bool conduct_lockstep_fn(void *argument, const struct trial_key *key);
/* After each trial; `done` counts all that need not be run any more, of run->trial_count. The
 * record's laps and timeline are gone when it returns. */
typedef void conduct_progress_fn(void *argument, const struct run *run,
                                 const struct trial_record *record, size_t done);

struct conduct {
    struct run *run;
    struct store *store;
    const struct paths *paths;
    const struct program_list *programs;
    const struct recordings *recordings; /* of the run's recorded workloads */
    const volatile sig_atomic_t *interrupted;
    conduct_wanted_fn *wanted;     /* NULL: all are */
    conduct_lockstep_fn *lockstep; /* NULL: none do */
    conduct_progress_fn *progress;
    void *argument; /* of all three, which are never called from two threads at once */
};

/* Runs every trial that is still 'planned' and wanted. Returns 0 when the plan is through or was
 * interrupted, -1 with a message when it could not go on (the store failed): what was stored
 * before stays. */
int conduct_run(const struct conduct *conduct, char *message);

#endif
