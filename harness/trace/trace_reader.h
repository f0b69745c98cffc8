/*
 * Reads a trace file (.hmt), complete or half-written.
 *
 * Memory is bounded whatever the file says: 18 MiB (a block packed and unpacked, the index), the
 * facts, and 72 bytes for each thread, of which there are 2^20 at the most. Damage ends in a
 * message that names file, offset and reason.
 */
#ifndef HEAPMARK_TRACE_READER_H
#define HEAPMARK_TRACE_READER_H

#include "trace.h"

struct trace_reader;

struct trace_thread {
    uint64_t tid; /* 0: unknown */
    char name[64];
};

struct trace_reader *trace_reader_open(const char *path, char *message);
void trace_reader_close(struct trace_reader *reader);

/* The next operation: 1; 0 at the end; -1 with a message. A half-written file ends (0) behind
 * its last whole block; a damaged one is an error. */
int trace_reader_next(struct trace_reader *reader, struct trace_op *op, char *message);

/* Places the reader so that the next operation is number `index` (from 0), or the first that is
 * not before `time_ns`. Behind the last one: the end. Returns 0, or -1 with a message. */
int trace_reader_seek(struct trace_reader *reader, uint64_t index, char *message);
int trace_reader_seek_time(struct trace_reader *reader, uint64_t time_ns, char *message);
/* The number of the operation that trace_reader_next would give. */
uint64_t trace_reader_position(const struct trace_reader *reader);

/* Header's facts, overlaid with those written at the end when the file has its end. */
const struct trace_facts *trace_reader_facts(const struct trace_reader *reader);
/* All operations of the file (REALLOC_BEGIN counted), from the index or a scan of block heads. */
uint64_t trace_reader_operations(const struct trace_reader *reader);
uint32_t trace_reader_threads(const struct trace_reader *reader);
const struct trace_thread *trace_reader_thread(const struct trace_reader *reader, uint32_t index);
/* Time of the last operation. */
uint64_t trace_reader_duration_ns(const struct trace_reader *reader);
uint64_t trace_reader_file_bytes(const struct trace_reader *reader);
/* The end mark is there: nothing was cut off. */
bool trace_reader_is_complete(const struct trace_reader *reader);

#endif
