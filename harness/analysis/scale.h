/*
 * A trace of many programs' load made of one: copies of every operation, side by side.
 */
#ifndef HEAPMARK_SCALE_H
#define HEAPMARK_SCALE_H

#include "trace_reader.h"

enum { TRACE_SCALE_MAXIMUM = 4096 };

struct trace_scale {
    uint32_t copies;  /* 2 to TRACE_SCALE_MAXIMUM */
    bool own_threads; /* each copy on threads of its own; else all on the recorded ones */
    const char *name; /* of the source, for the provenance */
    uint64_t written; /* out: operations */
    uint32_t threads; /* out: of the new trace */
};

/* Writes `path`. Blocks are named by numbers of their own, each used once, since copies cannot
 * share addresses; and as no name is handed out again, a realloc needs no second half. Memory: 16
 * to 40 bytes for each block live at once in the source. Returns 0, or -1 with a message. */
int trace_scale_write(struct trace_reader *reader, const char *path, struct trace_scale *scale,
                      char *message);

#endif
