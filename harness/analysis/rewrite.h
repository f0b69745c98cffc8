/*
 * A trace made of another: what cut and scale have in common. Threads are numbered anew, in the
 * order in which they appear in the new trace, and keep their names.
 */
#ifndef HEAPMARK_REWRITE_H
#define HEAPMARK_REWRITE_H

#include "trace_reader.h"
#include "trace_writer.h"

struct rewrite {
    struct trace_reader *reader; /* not owned */
    struct trace_writer *writer;
    uint32_t *threads; /* by copy and number in the source: number in the new trace + 1, or 0 */
    uint32_t source_threads, copies, new_threads;
};

/* Creates `path` with the facts of the source, but for: source, provenance (put before the
 * source's own), and what was true of the source as a whole only (stalls, lost operations).
 * `copies`: that many sets of threads. Returns 0, or -1 with a message. */
struct rewrite_facts {
    const char *source, *provenance;
    const char *end;    /* NULL: as the source's; "cut" of a half-written one */
    bool has_addresses; /* as the source's; else: none, names only */
};
int rewrite_begin(struct rewrite *rewrite, const char *path, const struct rewrite_facts *facts,
                  uint32_t copies, char *message);
/* Adds `op`, whose thread is one of the source's, as one of copy `copy`. */
int rewrite_add(struct rewrite *rewrite, const struct trace_op *op, uint32_t copy, char *message);
/* Finishes the file when `result` is 0, lets go of it otherwise; returns `result`, or -1 with a
 * message. */
int rewrite_end(struct rewrite *rewrite, int result, char *message);

#endif
