/*
 * Sizes, rates and lifetimes as a table: what a generator of synthetic load needs to know.
 *
 * Sizes up to PROFILE_EXACT stand for themselves; above, sixteen classes a power of two, each
 * named by the mean size of what fell into it. Memory is bounded by the number of classes, and by
 * the blocks live at once.
 */
#ifndef HEAPMARK_PROFILE_H
#define HEAPMARK_PROFILE_H

#include "histogram.h"
#include "trace_reader.h"

enum {
    PROFILE_EXACT = 1024,
    PROFILE_STEPS = 16, /* classes a power of two above that */
    PROFILE_CLASSES = PROFILE_EXACT + 1 + 54 * PROFILE_STEPS,
};

struct profile_class {
    uint64_t objects;          /* begun: allocated, or the result of a realloc */
    uint64_t bytes;            /* their sum */
    uint64_t callocs, resized; /* of the objects: by calloc; by realloc of another block */
    uint64_t ended, ended_of_others;
    uint64_t live;              /* now */
    uint64_t since;             /* when `live` last changed: operation, or ns */
    unsigned __int128 area;     /* sum of live x time */
    struct histogram lifetimes; /* of those that ended; in ns, or operations without times */
    uint64_t since_operation;
    unsigned __int128 operation_area;
};

struct profile {
    struct profile_class *class; /* PROFILE_CLASSES of them, owned */
    uint64_t objects, bytes;
    uint64_t duration; /* ns, or operations */
    uint64_t operations;
    bool timed; /* durations and lifetimes are in ns, not in operations */
};

/* One row of the table. */
struct profile_row {
    uint64_t size;     /* mean of the class, rounded */
    double alloc_rate; /* objects a second (or an operation) */
    double num_live;   /* averaged over time; over operations where that is 0 */
    double share;      /* of all objects */
    double share_bytes;
    uint64_t objects;
    uint64_t lifetime_p50, lifetime_p90, lifetime_p99; /* upper bounds, at most twice the recorded
                                                          value; of the objects that ended */
    double share_calloc, share_realloc;
    double share_cross_thread; /* of those that ended: by another thread than began them */
    double share_ended;
    uint64_t least, most; /* sizes of the class */
};

int profile_trace(struct trace_reader *reader, struct profile *profile, char *message);
void profile_release(struct profile *profile);
/* False when the class holds nothing. */
bool profile_row(const struct profile *profile, unsigned class, struct profile_row *row);
unsigned profile_class_of(uint64_t size);

#endif
