/*
 * Drives one trial as heapmark does, but with nothing of heapmark: makes the page and the
 * channel, answers every checkpoint, and keeps what came out.
 */
#ifndef HEAPMARK_RUNNER_DRIVER_H
#define HEAPMARK_RUNNER_DRIVER_H

#include "trial_page.h"

#include <stdbool.h>

struct driver_order {
    const char *workload, *params;
    const char *preload; /* a library, or NULL */
    uint64_t seed, memory_limit_bytes, settle_ns;
    int64_t peak_live_bytes;
    bool inspect;
    bool in_process; /* a forked copy of the test calls trial_run() instead of the program */
    bool vanish;     /* hang up at the first checkpoint */
    int script;      /* becomes TRIAL_SCRIPT_FD; 0: none */
    int blocks;      /* becomes TRIAL_BLOCKS_FD; 0: none */
    int latency;     /* becomes TRIAL_LATENCY_FD; 0: none */
    uint32_t latency_gap;
    bool time_requests;
    const uint32_t *map_stop;
    uint32_t map_stop_count;
    void (*at_map_stop)(void *argument); /* while the runner stands there */
    void *argument;
};

struct driver_outcome {
    struct trial_page *page; /* as the trial left it */
    int exit_status, signal;
    bool reached[CHECKPOINT_COUNT];
    int64_t rss_bytes[CHECKPOINT_COUNT];
    uint64_t launched_ns, reaped_ns; /* CLOCK_MONOTONIC */
    uint64_t reached_ns[CHECKPOINT_COUNT];
};

/* The program is $RUNNER, or heapmark-runner in the folder above this test's. Ends the test
 * program when a trial cannot even be started. */
void driver_run(const struct driver_order *order, struct driver_outcome *outcome);
void driver_release(struct driver_outcome *outcome);

/* Path of the runner; of a file beside it. Both in static storage, good until the next call. */
const char *driver_runner(void);
const char *driver_beside(const char *file);

#endif
