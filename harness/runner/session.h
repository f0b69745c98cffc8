/*
 * One trial as the runner holds it: what the workload sees (struct trial, first, so that a
 * workload's pointer leads here), the page shared with the harness, and the meeting place.
 */
#ifndef HEAPMARK_SESSION_H
#define HEAPMARK_SESSION_H

#include "catalog.h"
#include "events.h"
#include "inspection.h"
#include "meeting.h"
#include "pacer.h"
#include "sampler.h"
#include "trial_page.h"
#include "turn_page.h"

#include <pthread.h>

enum {
    /* Tables of a workload beyond this are a mistyped parameter, not a wish. */
    SESSION_TABLES_MAXIMUM_BYTES = 256 << 20,
    SESSION_STACK_BYTES = 256 << 10, /* counts towards RLIMIT_DATA, so no 8 MiB for each */

    EXIT_REFUSED = 2,
    EXIT_OUT_OF_MEMORY = 3,
    EXIT_CORRUPT = 4,
    EXIT_ABANDONED = 5, /* the harness is gone */
};

struct worker_slot {
    pthread_t thread;
    struct events events;
    uint64_t cpu_ns; /* of the lap that has just ended; written by the worker before it arrives */
} __attribute__((aligned(64)));

struct session {
    struct trial trial; /* must stay first */
    const struct workload *workload;
    struct trial_page *page; /* NULL: parameters are being checked, nothing runs */
    struct param_table params;
    struct inspection inspection;
    struct meeting meeting;
    struct sampler *samplers; /* one a worker; NULL: no call is timed */
    struct pacer *pacers;     /* one a worker; NULL: no request is due at a time, none is timed */
    int64_t call_grain_ns;    /* the workload's calls are due at times this far apart; 0: at none */
    struct turn_page *turns;  /* taken with another trial; NULL: none */
    atomic_flag ended;        /* set by the worker that ends the trial early */
    size_t table_bytes;
    unsigned next_lap;      /* that the next meeting starts; 0 is the warm-up */
    bool lap_running;       /* the next meeting ends lap next_lap - 1 */
    int64_t lap_started_ns; /* CLOCK_MONOTONIC */
    int64_t cpu_before_ns;  /* of the process at the lap's start, where threads are started */
    uint64_t operations;    /* of all workers at the start of the lap */
    struct worker_slot slots[TRIAL_THREADS_MAXIMUM];
};

static inline struct session *session_of(struct trial *trial)
{
    return (struct session *)(void *)trial;
}

static inline struct worker *session_worker(const struct session *session, unsigned index)
{
    return (struct worker *)(void *)session->page->worker[index];
}

/* An empty session in memory of its own, or NULL. */
struct session *session_create(void);
/* Sets workload and parameters and runs the workload's setup. Returns 0, or -1 with `why`. */
int session_choose(struct session *session, const struct workload *workload, const char *params,
                   struct text *why);

/* Ends the process with that outcome and message; only the first caller's counts. Without a
 * page the message goes to stderr. */
_Noreturn void session_end(struct session *session, enum trial_outcome outcome,
                           const char *message);

/* Zeroed memory of the runner's own, or NULL. Shared, so that it counts as RssShmem and is told
 * from what the allocator takes. `flags`: MAP_POPULATE or 0. */
void *session_map(size_t bytes, int flags);

/* Sends the byte and waits for the harness's answer: the message orders what was written before
 * it, and the harness's reading. Once the harness is gone nobody waits for this trial: it ends
 * without a word. */
void session_meet_harness(unsigned char byte);

/* Calls part(worker, number), and is what instructions are counted in (TRIAL_COUNTED_FUNCTION): a
 * lap, or what a thread started in one does. */
void heapmark_counted_lap(void (*part)(struct worker *worker, unsigned number),
                          struct worker *worker, unsigned number) __attribute__((noinline, used));

/* Stands at a checkpoint: fills its report, tells the harness, waits for its answer. */
void session_stand(struct session *session, enum checkpoint checkpoint);

#endif
