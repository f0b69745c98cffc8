/*
 * Reallocs under way: begun, and not yet returned. A thread may have several, since a signal
 * handler may call realloc; they return in any order that their blocks tell. What a trace says
 * that cannot be costs no more than what can: the ledger (ledger.h) goes by the same rules.
 */
#ifndef HEAPMARK_HALVES_H
#define HEAPMARK_HALVES_H

#include "trace.h"

/* Deeper than any handlers nest; a thread that begins one more will end none of them. */
enum { HALVES_NESTING_MAXIMUM = 64 };

struct half {
    uint64_t index; /* of the REALLOC_BEGIN */
    uint64_t old_address;
    uint32_t thread;
    uint32_t below, depth; /* the one that the thread began before, 0: none; how many there are */
    bool dropped;          /* for those who leave its block out */
    uint64_t name;         /* for those who name blocks anew */
};

struct halves {
    struct half *open; /* [0] is not used */
    uint32_t used, room, free;
    uint32_t *top; /* by thread: the one begun last; 0: none */
    uint32_t threads;
    size_t count; /* under way */
};

void halves_release(struct halves *halves);
/* A REALLOC_BEGIN; `dropped` and `name` as given. Returns 0, or -1 when memory is short. */
int halves_begin(struct halves *halves, uint64_t index, const struct trace_op *op,
                 const struct half *as);
/* The TRACE_SPLIT realloc that belongs to one: true, and the half, which is taken out with those
 * that the thread began after it. */
bool halves_end(struct halves *halves, const struct trace_op *op, struct half *half);
/* Those under way by address, those of one address in the order of their begin: count of them, to
 * be freed; they stand until the next begin or end. NULL when memory is short. */
struct half **halves_sorted(const struct halves *halves);

#endif
