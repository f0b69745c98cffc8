/* Between the files of conduct.h: conduct.c is the order of things, runner_trial.c one trial in the
 * runner, pair_trial.c two of them in lockstep. */
#ifndef HEAPMARK_CONDUCT_INTERNAL_H
#define HEAPMARK_CONDUCT_INTERNAL_H

#include "conduct.h"
#include "cpus.h"
#include "fixed_files.h"
#include "program_session.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct conducting {
    const struct conduct *given;
    struct cpus cpus;
    struct fixed_files fixed;
    struct program_session **sessions; /* by workload; NULL: not opened */
    atomic_bool trace;                 /* strace works here; relaxed: a hint */
    pthread_mutex_t lock;              /* guards what follows, the store, and the run's records */
    size_t next, end;                  /* trials that the inspecting threads still have to take */
    size_t done;
    bool failed;
    char *message;
};

/* All allocators of a block get the same pad. */
unsigned conduct_pad_bytes(const struct run *run, unsigned block);
/* A trial that was OK fails if its library or the runner was replaced meanwhile. */
void conduct_check_files(struct conducting *conducting, struct trial_record *record);
/* Stores the outcome, puts it in its place in the run and tells of it; an interrupted trial stays
 * planned and is not stored. Releases the outcome. */
void conduct_finish(struct conducting *conducting, struct trial_record *planned,
                    struct trial_record *outcome);

static inline bool same_cell(const struct trial_key *a, const struct trial_key *b)
{
    return a->workload == b->workload && a->allocator == b->allocator;
}

#endif
