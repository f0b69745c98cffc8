/*
 * Goes through a trace with a ledger beside it: what every analysis has in common.
 *
 * Memory: the reader's, and the ledger's (ledger.h: by the blocks live at once); never by the
 * length of the trace.
 */
#ifndef HEAPMARK_TRACE_WALK_H
#define HEAPMARK_TRACE_WALK_H

#include "ledger.h"
#include "trace_reader.h"

struct trace_step {
    uint64_t index;
    const struct trace_op *op;
    const struct ledger_effect *effect;
    const struct ledger *ledger; /* after the operation */
};

/* Returns 0, or -1 with a message, which ends the walk. */
typedef int trace_step_fn(void *argument, const struct trace_step *step, char *message);

/* From the reader's start (it is sought to) up to operation `to`, or the end. `at_end`, unless
 * NULL, is shown the ledger as it stands then. A trace whose sizes add up to more than INT64_MAX,
 * or with a later time, is refused. Returns 0, or -1 with a message. */
int trace_walk(struct trace_reader *reader, uint64_t to, trace_step_fn *step,
               void (*at_end)(void *argument, const struct ledger *ledger), void *argument,
               char *message);

#endif
