/*
 * The page between the harness and the runner: what one trial is to do, and what it did.
 *
 * The harness makes it (a memfd), fills the first part and hands it to the runner as file
 * descriptor TRIAL_PAGE_FD. The runner fills the rest while the harness watches. Beside it,
 * TRIAL_CHANNEL_FD is a stream socket: at a checkpoint the runner writes one byte (an enum
 * checkpoint) and stands still until it has read one byte back, so that the harness can read
 * /proc of a process that does not move. Nothing is sent during a timed lap.
 */
#ifndef HEAPMARK_TRIAL_PAGE_H
#define HEAPMARK_TRIAL_PAGE_H

#include "checkpoint.h"
#include "measures.h"

#include <stdatomic.h>
#include <stdint.h>

enum {
    TRIAL_PAGE_FD = 3,
    TRIAL_CHANNEL_FD = 4,
    TRIAL_SCRIPT_FD = 6,  /* the decoded trace (replay_script.h), for a recorded workload */
    TRIAL_BLOCKS_FD = 7,  /* where the runner lists blocks at a map stop (block_list.h) */
    TRIAL_LATENCY_FD = 8, /* where times of calls and requests are counted (latency_sheet.h) */
    TRIAL_TURN_FD = 10,   /* by which two trials take turns (turn_page.h) */
    TRIAL_COUNTS_FD = 9,  /* callgrind's output; the runner leaves it alone */
    TRIAL_PAGE_VERSION = 7,
    TRIAL_MAP_STOPS_MAXIMUM = 256,
    TRIAL_MAP_STOP = 0x80,     /* the byte on the channel, where a checkpoint sends its number */
    TRIAL_LAPS_MAXIMUM = 1024, /* timed laps; lap 0 comes on top */
    TRIAL_THREADS_MAXIMUM = 256,
    TRIAL_WORKER_BYTES = 128, /* the runner asserts that its struct worker has this size */
};

/* What is counted by perf_event_open(2). */
enum trial_event {
#define X(name, unit, help) EVENT_##name,
    PERF_MEASURES(X)
#undef X
        EVENT_COUNT
};

/* The function of the runner in which instructions are counted. */
#define TRIAL_COUNTED_FUNCTION "heapmark_counted_lap"

/* How the runner says that it ended; the harness knows what else can happen to a process. */
enum trial_outcome {
    OUTCOME_RUNNING, /* also what a crash leaves behind */
    OUTCOME_DONE,
    OUTCOME_OUT_OF_MEMORY, /* the allocator returned NULL */
    OUTCOME_CORRUPT,       /* a block did not hold what was written, or was not aligned */
    OUTCOME_REFUSED,       /* unknown workload or parameter, or no memory for the tables */
};

struct lap_record {
    uint64_t wall_ns;    /* from the release of all workers to the arrival of the last */
    uint64_t cpu_ns;     /* of the workers inside the lap, waiting at its end excluded */
    uint64_t operations; /* calls of the malloc family, all workers */
};

/* What the runner alone knows at a checkpoint; -1 where it was not asked or cannot tell. */
struct checkpoint_report {
    int64_t live_bytes;
    int64_t live_blocks;
    int64_t usable_bytes;
    int64_t heap_free_bytes;         /* of the allocator's heap walk */
    int64_t heap_largest_free_bytes; /* of the same */
};

struct trial_page {
    /* ---- written by the harness before the runner starts ---- */
    uint32_t version; /* TRIAL_PAGE_VERSION */
    uint32_t page_bytes;
    char workload[64];
    char params[960]; /* "name=value,..." */
    uint64_t seed;
    uint64_t memory_limit_bytes; /* RLIMIT_DATA of the runner; 0: none */
    int64_t peak_live_bytes; /* inspect: stand at CHECKPOINT_PEAK when live reaches it; 0: never */
    uint64_t settle_ns; /* wait between CHECKPOINT_DRAINED and _SETTLED; 0: no such checkpoint */
    int32_t cpu;        /* pin to it; -1: do not */
    uint32_t map_stop_count;
    uint32_t map_stop[TRIAL_MAP_STOPS_MAXIMUM]; /* laps (0: warm-up, before any operation of a
                                                   recorded workload), rising: when one has ended
                                                   and all workers stand, list the blocks and
                                                   stand as at a checkpoint */
    uint64_t latency_seed;                      /* of the draws of which */
    uint32_t latency_gap;   /* time one call in so many; 1: every one, 0: none */
    uint32_t time_requests; /* make them when they are due, where the workload has a rate, and time
                               them: all where it has, otherwise if latency_gap > 0 */
    uint32_t count_events;  /* by perf_event_open(2) */
    uint32_t count_laps;    /* run under callgrind: so many timed laps, or one repetition of a
                               trace; 0: not */
    uint32_t turn_side;     /* 0 or 1: whose turns are ours */
    uint32_t turn_laps;     /* laps of a turn, from lap 1 on; 0: no turns are taken */
    uint32_t turn_lead;     /* of them, so many at its beginning lead in, and count for nothing */
    uint32_t inspect;       /* an untimed pass: account for every block, verify all contents */

    /* ---- written by the runner ---- */
    _Atomic int32_t pid;
    _Atomic uint32_t outcome; /* enum trial_outcome */
    _Atomic uint32_t phase;   /* enum trial_phase */
    uint32_t threads;
    uint32_t laps; /* that `lap` holds, without lap 0 */
    _Atomic uint32_t laps_done;
    uint64_t ready_ns;          /* CLOCK_MONOTONIC before the first operation */
    uint32_t usable_size_known; /* malloc_usable_size belongs to the same object as malloc */
    char message[256];          /* one line about an outcome other than DONE */
    char malloc_file[1024];     /* the object that owns malloc in this very process */
    char interposed[256];    /* "clock_gettime from FILE": an instrument of ours was replaced; "" */
    char malloc_other[256];  /* first entry of the family owned by another object; "" if none */
    int64_t live_peak_bytes; /* one thread: exact; more: largest sum at lap ends; inspect: exact */
    int64_t live_peak_usable_bytes; /* inspect: usable bytes when live peaked; else -1 */
    uint32_t latency_paced;         /* times count from when a call was due */
    uint32_t paced;                 /* calls or requests were due at times */
    uint32_t requests_timed;        /* the sheets have times of requests */
    uint64_t requests;              /* in the timed laps, all workers */
    uint64_t requests_due_ns;       /* from the first lap to when the last was due, and */
    uint64_t requests_served_ns;    /* to its end; of the worker that ended last */
    uint64_t requests_held_ns;    /* that a worker was kept from what was due by others; the most */
    uint64_t requests_backlog;    /* of one worker, at most: due, not begun */
    double latency_ticks_per_ns;  /* of what latency_sheet.h counts of calls */
    uint64_t latency_timer_ticks; /* median time of timing nothing */
    _Atomic int64_t event[EVENT_COUNT];
    _Atomic int32_t event_error[EVENT_COUNT]; /* errno of one that could not be counted; else 0 */
    struct checkpoint_report report[CHECKPOINT_COUNT];
    struct lap_record warm_up;
    struct lap_record lap[TRIAL_LAPS_MAXIMUM];
    /* struct worker of the runner; each starts with its struct tally */
    _Alignas(128) unsigned char worker[TRIAL_THREADS_MAXIMUM][TRIAL_WORKER_BYTES];
};

#endif
