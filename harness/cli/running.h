/*
 * What every command that measures does: opens the store and the catalogues, plans a run,
 * conducts it, and lets an interruption end it cleanly.
 */
#ifndef HEAPMARK_RUNNING_H
#define HEAPMARK_RUNNING_H

#include "conduct.h"
#include "message.h"
#include "plan.h"
#include "recordings.h"
#include "run_options.h"

#include <signal.h>

/* Everything that a run needs at hand. */
struct running {
    const char *command; /* "heapmark run": begins what is said */
    struct run_options options;
    struct paths paths;
    struct allocator_catalog allocators;
    struct workload_catalog workloads;
    struct suite suite;
    struct run run;
    struct recordings recordings;
    struct store *store;
    char *store_path;
    int run_lock, machine_lock; /* -1: not held */
    char message[MESSAGE_BYTES];
};

/* Set by a signal that asks us to end. */
extern volatile sig_atomic_t running_interrupted;
void running_catch_interruptions(void);
/* Everything is stored by now: what is left to do may end at once. */
void running_let_interruptions_end_us(void);

/* `options` are the caller's to fill. */
void running_init(struct running *running, const char *command);
void running_release(struct running *running);

/* Loads the catalogues and opens the store; as all below returns 0, or -1 with
 * running->message set. */
int running_open(struct running *running);
/* Opens the store only, to read from it. */
int running_open_to_read(struct running *running);
/* Plans the run that the options describe; a suite that is there already, and that they do not
 * name, is taken as it is. Allocators that the run has already are taken as they
 * are, and the options name none then. */
int running_plan(struct running *running);
/* Writes the plan into the store. */
int running_begin(struct running *running);
/* -1 with errno EADDRINUSE when somebody measures this run. Returns 0 also where there are no
 * sockets: then there is no lock, and no reason not to measure. */
int running_lock(struct running *running);
int running_open_recordings(struct running *running);
/* Runs what is planned; `hooks` holds progress, wanted and their argument. */
int running_conduct(struct running *running, const struct conduct *hooks);
/* Notes in the store that nothing is left to be run. */
int running_finish(struct running *running);
/* The same where something is left that need not be run: it is taken out of the plan. */
int running_cut(struct running *running);

/* Trials that have been run. */
size_t running_count_done(const struct run *run);

#endif
