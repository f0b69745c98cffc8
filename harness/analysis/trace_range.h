/*
 * A stretch of a trace, as people name it: operations, times or percent.
 */
#ifndef HEAPMARK_TRACE_RANGE_H
#define HEAPMARK_TRACE_RANGE_H

#include "trace_reader.h"

#include <stdbool.h>
#include <stdint.h>

enum trace_point_kind {
    POINT_UNSET, /* the start, or the end */
    POINT_OPERATION,
    POINT_TIME,
    POINT_PERCENT,
};

struct trace_point {
    enum trace_point_kind kind;
    uint64_t operation, time_ns;
    uint64_t millionths; /* POINT_PERCENT: of all operations */
};

/* "1500", "20k", "2M" (operations, from 0), "1.5s", "250ms", "2m" (time since the start), "50%",
 * "12.5%" (of the operations). Returns 0, or -1 with a message that begins with `option`. */
int trace_point_parse(const char *option, const char *text, struct trace_point *point,
                      char *message);

struct trace_range {
    uint64_t from, to; /* operations: the first, and the one behind the last */
};

/* Finds the operations between two points, in a file that is open; the reader is left at `from`.
 * Returns 0, or -1 with a message: --from after --to, --from behind the end, times in a trace that
 * has none. */
int trace_range_find(struct trace_reader *reader, const struct trace_point *from,
                     const struct trace_point *to, struct trace_range *range, char *message);

#endif
