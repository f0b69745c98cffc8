/*
 * All that `heapmark trace info` tells about a trace, from one pass over it.
 *
 * An object is one life of a block: a realloc ends one and begins the next, in place or not.
 */
#ifndef HEAPMARK_SURVEY_H
#define HEAPMARK_SURVEY_H

#include "histogram.h"
#include "live_curve.h"
#include "trace_reader.h"

struct survey_kind {
    uint64_t calls, failed;
    uint64_t bytes; /* asked for by those that did not fail */
};

struct survey_thread {
    uint64_t calls;
    uint64_t objects, bytes;  /* that it began */
    uint64_t ended;           /* objects it freed or resized ... */
    uint64_t ended_of_others; /* ... and that another thread had begun */
    uint64_t first_ns, last_ns;
};

struct survey_moment {
    uint64_t operation, time_ns;
    uint64_t bytes, blocks; /* live right after it */
};

struct survey {
    uint64_t operations; /* lines of the trace: calls, and the halves of split reallocs */
    uint64_t calls, failed, split;
    struct survey_kind kind[TRACE_KIND_COUNT];
    /* realloc and reallocarray apart, by what became of the block */
    uint64_t resized_in_place, resized_moved, resized_from_null, resized_to_nothing;
    uint64_t freed_null;
    uint64_t foreign; /* blocks from before the recording that were freed or resized */
    uint64_t objects, bytes;
    uint64_t ended, ended_of_others;
    uint64_t mistakes; /* `heapmark trace verify` tells which */
    uint64_t largest;  /* object, bytes */
    struct survey_moment peak, end;
    uint64_t most_blocks;
    uint64_t duration_ns;
    struct histogram sizes;        /* of objects begun */
    struct histogram lifetimes;    /* of objects that ended, in operations */
    struct histogram lifetimes_ns; /* the same, in time */
    struct live_curve by_operation, by_time;
    struct survey_thread *threads; /* thread_count of them, owned */
    uint32_t thread_count;
};

/* Returns 0, or -1 with a message; to be released in either case. */
int survey_trace(struct trace_reader *reader, struct survey *survey, char *message);
void survey_release(struct survey *survey);

#endif
