/*
 * Writes a trace file (.hmt; docs/trace-format.md).
 *
 * Operations are gathered into blocks, each with a checksum; a file is readable up to its last
 * complete block at every moment. No error is lost: every function returns -1 with a message.
 */
#ifndef HEAPMARK_TRACE_WRITER_H
#define HEAPMARK_TRACE_WRITER_H

#include "trace.h"

struct trace_writer;

/* Creates the file (mode 0666 less umask; an existing one is replaced) and writes the facts.
 * NULL with a message of MESSAGE_BYTES. */
struct trace_writer *trace_writer_create(const char *path, const struct trace_facts *facts,
                                         char *message);

/* Introduces thread `index` (they come in order, 0 first): its number in the system (0: unknown)
 * and its name ("" if none). To be called before its first operation; may be called again when
 * more is known, the last word stands in a file that was finished. */
int trace_writer_thread(struct trace_writer *writer, uint32_t index, uint64_t tid, const char *name,
                        char *message);

/* Refuses what trace.h rules out: an operation's fields that its kind does not have, times that go
 * back, a thread not introduced. Times that share a unit, say full microseconds, make the file
 * smaller: the unit is found by itself. */
/* A hint, some operations ahead of trace_writer_add: makes it quicker. */
void trace_writer_expect(const struct trace_writer *writer, const struct trace_op *op);
int trace_writer_add(struct trace_writer *writer, const struct trace_op *op, char *message);

/* Writes what has been gathered as a block of its own; the file is then whole up to here. */
int trace_writer_flush(struct trace_writer *writer, char *message);

uint64_t trace_writer_operations(const struct trace_writer *writer);
/* Bytes written so far. */
uint64_t trace_writer_bytes(const struct trace_writer *writer);

/* Flushes, writes `ending` (facts known only now; may be NULL), the index and the end mark, and
 * closes. The writer is freed in any case. */
int trace_writer_finish(struct trace_writer *writer, const struct trace_facts *ending,
                        char *message);
/* Closes without an end mark, frees; the file stays, as that of a recorder that died. */
void trace_writer_abandon(struct trace_writer *writer);

#endif
