/*
 * An operation as a line of text; docs/traces.md describes the columns.
 */
#ifndef HEAPMARK_DUMP_LINE_H
#define HEAPMARK_DUMP_LINE_H

#include "trace.h"

#define DUMP_COLUMNS \
    "index\ttime_ns\tthread\tkind\taddress\told_address\tsize\talignment\terror\tflags"

enum { DUMP_LINE_BYTES = 256 };

/* Writes the columns, parted by tabs, and a line end; no terminator. "-" stands for what the
 * operation does not have. Returns the end. */
char *dump_line(char line[DUMP_LINE_BYTES], uint64_t index, const struct trace_op *op);

#endif
