/*
 * One allocator's maps: replays the trace in a fresh process, as every trial is run, and reads
 * its pages at each moment while it stands still.
 */
#ifndef HEAPMARK_MAP_TRIAL_H
#define HEAPMARK_MAP_TRIAL_H

#include "map_study.h"
#include "paths.h"
#include "replay.h"

#include <signal.h>

enum map_place {
    MAP_AT_STOP,   /* where a lap ends: replay->stop_lap says which */
    MAP_AT_DRAINED /* when every block has been freed */
};

struct map_trial {
    const struct paths *paths;
    const struct workload_spec *workload;
    const struct replay *replay;  /* made with a stop for each moment that is one, in order */
    const enum map_place *places; /* of each moment of the study */
    size_t moments;
    uint64_t seed;
    int64_t time_limit_ns;
    const volatile sig_atomic_t *interrupted;
};

/* Fills the maps of `series`, whose allocator has been probed. Returns 0; 1 with a message when
 * the trial failed under this allocator (or was interrupted); -1 with one when no map can be made
 * here at all. */
int map_trial_run(const struct map_trial *trial, struct map_series *series, char *message);

#endif
