/*
 * One process image being recorded: its ring, its merge, its file, and the thread that carries
 * records from one to the other.
 *
 * Watching over the process is the collector's part; it tells the recording how the image ended.
 */
#ifndef HEAPMARK_RECORDING_H
#define HEAPMARK_RECORDING_H

#include "merge.h"
#include "output_names.h"
#include "process_facts.h"
#include "process_threads.h"
#include "ring_memory.h"
#include "tick_clock.h"
#include "trace_writer.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

enum { RECORDING_AHEAD = 16 };

enum recording_ending {
    RECORDING_GOES_ON,
    RECORDING_DIED,     /* the process is dead */
    RECORDING_EXECUTED, /* it runs another image now */
    RECORDING_LEFT,     /* it goes on, unrecorded */
};

/* What became of it; valid when `done`. */
struct recording_result {
    char *path; /* NULL: no file was needed */
    uint64_t operations, bytes, stalls, stall_ns, lost;
    bool failed;
};

/* What all recordings of a collector share. */
struct recording_host {
    struct output_names names;
    struct tick_clock clock;
    /* Tells the user one line; called from any thread. */
    void (*say)(void *argument, const char *line);
    void *say_argument;
    int done_event; /* eventfd: a recording is done */
};

struct recording {
    struct recording *next; /* the collector's list */
    struct recording_host *host;
    struct process_origin origin;
    int pidfd;
    bool is_first;
    char name[PROCESS_NAME_BYTES];
    struct ring_memory memory;
    pthread_t thread;
    _Atomic uint32_t ending; /* enum recording_ending; released by the collector */
    atomic_bool done;
    struct recording_result result;

    /* of the recording's thread */
    struct trace_facts facts;
    struct merge *merge;
    struct process_threads threads; /* as they were when last looked at */
    struct trace_writer *writer;
    struct trace_op ahead[RECORDING_AHEAD]; /* for the writer, which has been told of them */
    unsigned ahead_count;
    uint64_t epoch_ns;                       /* CLOCK_MONOTONIC at the trace's time 0 */
    uint64_t flushed_operations, flushed_ns; /* at the last flush */
    uint64_t exhausted_ns, exhausted_given;  /* since when no chunk is left, 0: some are; given back
                                                up to then */
};

/* Makes the ring and gathers what is to be known about the process, which stands still. `*file`:
 * the ring's descriptor, the caller's. NULL with a message. `pidfd` is the recording's from then
 * on.
 */
struct recording *recording_create(struct recording_host *host, const struct process_origin *origin,
                                   uint64_t ring_bytes, int *file, char *message);
/* Begins collecting. 0, or -1 with a message. */
int recording_start(struct recording *recording, char *message);
/* Tells it that the image has ended; the first word counts. */
void recording_end(struct recording *recording, enum recording_ending ending);
/* Waits until it is done; then frees all but `result.path`, which is the caller's. */
struct recording_result recording_finish(struct recording *recording);

#endif
