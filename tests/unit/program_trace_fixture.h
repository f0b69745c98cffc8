/*
 * Traces as programs make them: threads that allocate, resize, free each other's blocks, and get
 * addresses back that others have freed. And traces written by hand.
 */
#ifndef HEAPMARK_PROGRAM_TRACE_FIXTURE_H
#define HEAPMARK_PROGRAM_TRACE_FIXTURE_H

#include "trace_reader.h"

/* A valid trace of `count` operations, with split, failed and in-place reallocs; to be freed. */
struct trace_op *program_ops(size_t count, uint32_t threads, uint64_t seed);

/* Writes them, and the facts (names and values in turn, ended by NULL; may be NULL). */
void program_write(const char *path, const struct trace_op *op, size_t count, uint32_t threads,
                   const char *const *facts);

/* The reader of a file just written, or of any that must open. */
struct trace_reader *program_open(const char *path);
/* All operations of a file, to be freed. */
struct trace_op *program_read(const char *path, size_t *count);

#endif
