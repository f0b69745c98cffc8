/*
 * What a trace never frees: the objects live at its end, by size, by thread and by age.
 */
#ifndef HEAPMARK_LEAKS_H
#define HEAPMARK_LEAKS_H

#include "histogram.h"
#include "trace_reader.h"

struct leak_group {
    uint64_t key; /* size, or number of a thread */
    uint64_t blocks, bytes;
    uint64_t oldest_operation, oldest_ns; /* birth of the first of them */
    uint32_t threads;                     /* by size: how many threads made them */
    uint32_t thread;                      /* that made the first */
};

struct leaks {
    uint64_t operations, duration_ns;
    uint64_t objects, bytes_begun;          /* in the whole trace */
    uint64_t blocks, bytes;                 /* never freed */
    struct leak_group *by_size, *by_thread; /* most bytes first; owned */
    size_t sizes, threads;
    struct histogram age;    /* in operations, at the end */
    struct histogram age_ns; /* in time */
    uint64_t age_bytes[HISTOGRAM_CLASSES], age_ns_bytes[HISTOGRAM_CLASSES];
    bool failed; /* memory ran out */
};

/* Returns 0, or -1 with a message; to be released in either case. */
int leaks_find(struct trace_reader *reader, struct leaks *leaks, char *message);
void leaks_release(struct leaks *leaks);

#endif
