/*
 * A stretch of a trace as a trace of its own, in which everything that is freed has been
 * allocated.
 */
#ifndef HEAPMARK_CUT_H
#define HEAPMARK_CUT_H

#include "trace_range.h"
#include "trace_reader.h"

struct trace_cut {
    struct trace_range range;
    bool drop_live;         /* leave out the blocks live at the start, and all that touches them */
    const char *name;       /* of the source, for the provenance */
    uint64_t blocks, bytes; /* out: live at the start, and allocated there */
    uint64_t dropped;       /* out: operations left out */
    uint64_t written;       /* out: operations, with the allocations at the start */
};

/* Writes `path`: first, at time 0, the blocks live at the start, in the order of their birth, by
 * the threads that made them; then the operations of the range as they are, with times counted
 * from its first one. Memory: some 150 bytes for each block live at the start. Returns 0, or -1
 * with a message. */
int trace_cut_write(struct trace_reader *reader, const char *path, struct trace_cut *cut,
                    char *message);

#endif
