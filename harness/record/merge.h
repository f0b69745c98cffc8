/*
 * Puts the records of all threads of a process into one order (ring.h tells which), and makes
 * operations of a trace of them.
 *
 * A record is next when it heads its thread's queue and bears the number that its stripe is at.
 * Among those the earliest goes first, in runs. Time never goes back: a stamp that is older than
 * one before it counts as that one.
 *
 * Records that bear no number since their thread was alone go before all that bear one: the first
 * of these waits until a look that came after it shows none of those.
 *
 * What can stand in the way: a thread that has taken a number, or claimed a slot, and not written
 * yet. It will go on soon, and the merge waits. When the process is dead, or the thread shows
 * itself to have gone elsewhere (a signal handler that jumped away), such an operation is given
 * up and counted. A signal handler's records may stand in their thread's queue on the wrong side
 * of the record that was being written: such a record is put behind those it waits for.
 */
#ifndef HEAPMARK_MERGE_H
#define HEAPMARK_MERGE_H

#include "ring_memory.h"
#include "trace.h"

struct merge;

struct merge_sink {
    /* Both return 0, or -1 with a message, which ends the merge. `thread` comes before the first
     * operation of a thread; indices count from 0. */
    int (*thread)(void *argument, uint32_t index, uint32_t tid, char *message);
    int (*op)(void *argument, const struct trace_op *op, char *message);
    void *argument;
};

/* A moment on both clocks, and how ticks before it convert. */
struct merge_moment {
    uint64_t ticks, ns;
    double ns_per_tick;
};

enum merge_haste {
    MERGE_LIVE, /* takes what is older than the moment */
    MERGE_LAST, /* nobody writes any more: takes everything, gives up what is missing */
};

/* NULL: out of memory. The ring's memory and the sink are borrowed. */
struct merge *merge_create(struct ring_memory *memory, const struct merge_sink *sink);
void merge_free(struct merge *merge);

/* Hands out everything whose turn it is; 0, or -1 with a message. */
int merge_pass(struct merge *merge, const struct merge_moment *now, enum merge_haste haste,
               char *message);
/* Lets go of threads that have ended and whose records are all taken. `is_gone` tells whether a
 * tid is without a thread. 0, or -1 with a message. */
int merge_reap(struct merge *merge, bool (*is_gone)(void *argument, uint32_t tid), void *argument,
               char *message);

/* Threads that have a queue. */
size_t merge_threads(const struct merge *merge);
uint64_t merge_operations(const struct merge *merge);
/* Whether the last pass left records behind. */
bool merge_is_behind(const struct merge *merge);
/* Operations given up. */
uint64_t merge_lost(const struct merge *merge);

#endif
