/*
 * Where the calls of a script come from: a trace that is read, or a pattern that is made up.
 *
 * It is gone through twice and must say the same both times.
 */
#ifndef HEAPMARK_OP_SOURCE_H
#define HEAPMARK_OP_SOURCE_H

#include "trace.h"

struct op_source {
    /* 1 and the next operation; 0 at the end; -1 with a message. */
    int (*next)(void *argument, struct trace_op *op, char *message);
    /* Back to the first. Returns 0, or -1 with a message. */
    int (*rewind)(void *argument, char *message);
    void *argument;
    uint32_t threads;
    bool inherited; /* as the fact of a trace */
    uint64_t
        pause_ns; /* set by `next`: what the thread does before that call, in time of its own */
};

#endif
