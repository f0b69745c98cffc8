/*
 * Reallocs under way: begun, and not yet returned. A thread may have several, since a signal
 * handler may call realloc; they return in any order that their blocks tell.
 */
#ifndef HEAPMARK_HALVES_H
#define HEAPMARK_HALVES_H

#include "trace.h"

struct half {
    uint64_t index; /* of the REALLOC_BEGIN */
    uint64_t old_address;
    uint32_t thread;
    bool dropped;  /* for those who leave its block out */
    uint64_t name; /* for those who name blocks anew */
};

struct halves {
    struct half *open; /* in the order of their begin */
    size_t count, room;
};

void halves_release(struct halves *halves);
/* A REALLOC_BEGIN; `dropped` and `name` as given. Returns 0, or -1 when memory is short. */
int halves_begin(struct halves *halves, uint64_t index, const struct trace_op *op,
                 const struct half *as);
/* The TRACE_SPLIT realloc that belongs to one: true, and the half, which is taken out with those
 * that the thread began after it. */
bool halves_end(struct halves *halves, const struct trace_op *op, struct half *half);

#endif
