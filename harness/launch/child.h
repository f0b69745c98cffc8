/*
 * Starts one trial: heapmark-runner as a fresh process, with the allocator preloaded, a page of
 * shared memory to say what is to be done and a channel to meet it at checkpoints.
 *
 * The child gets an environment of its own making (PATH, LANG=C, the allocator's variables and
 * a pad of random length, so that the stack's place varies; Mytkowicz et al. 2009), a process
 * group of its own, and no descriptor beyond those it needs.
 */
#ifndef HEAPMARK_CHILD_H
#define HEAPMARK_CHILD_H

#include "paths.h"
#include "record.h"
#include "trial_page.h"

#include <sys/types.h>

struct child_spec {
    const struct paths *paths;
    const struct workload_spec *workload;
    const struct allocator *allocator;
    uint64_t seed;
    uint64_t memory_limit_bytes; /* 0: none */
    int64_t peak_live_bytes;     /* see struct trial_page */
    uint64_t settle_ns;
    unsigned pad_bytes;
    int cpu;     /* -1: not pinned */
    int script;  /* of a recorded workload, becomes TRIAL_SCRIPT_FD; 0: none */
    int blocks;  /* becomes TRIAL_BLOCKS_FD, for map stops; 0: none. Both are above
                    TRIAL_BLOCKS_FD and stay the caller's */
    int latency; /* becomes TRIAL_LATENCY_FD, above it, the caller's; 0: none */
    uint64_t latency_seed;
    uint32_t latency_gap;     /* see struct trial_page */
    bool time_requests;       /* the same; both need `latency` */
    const uint32_t *map_stop; /* laps, rising; see struct trial_page */
    uint32_t map_stop_count;  /* <= TRIAL_MAP_STOPS_MAXIMUM */
    int counts;               /* becomes TRIAL_COUNTS_FD, above it, the caller's; 0: none */
    int turns;                /* becomes TRIAL_TURN_FD, above it, the caller's; 0: none */
    uint32_t turn_side, turn_laps, turn_lead; /* see struct trial_page */
    bool count_events;                        /* see struct trial_page */
    uint32_t count_laps; /* see struct trial_page; not 0: put callgrind before it */
    bool inspect;        /* untimed pass */
    bool trace;          /* put strace before it */
};

struct child {
    pid_t pid; /* of the runner, or of strace above it; its process group has the same number */
    int pidfd;
    int channel;
    int errors; /* its standard error */
    int trace;  /* strace's log, -1 without */
    struct trial_page *page;
    int64_t launched_ns; /* CLOCK_MONOTONIC */
};

/* Returns 0, or -1 with a message; then nothing is left to end. */
int child_start(struct child *child, const struct child_spec *spec, char *message);
/* Kills what still lives of the group and frees everything. The child has been reaped, or is
 * reaped here. */
void child_end(struct child *child);

#endif
