/*
 * What a trace file says about itself as a whole: facts, threads, where its operations stand.
 *
 * From the end mark and what stands before it; where there is none, from the heads of all blocks.
 */
#ifndef HEAPMARK_TRACE_CONTENTS_H
#define HEAPMARK_TRACE_CONTENTS_H

#include "block_index.h"
#include "trace_reader.h"
#include "trace_source.h"

struct trace_contents {
    struct trace_facts facts;
    size_t fact_count, fact_bytes; /* read so far, those replaced later among them */
    struct trace_thread *thread;
    uint32_t threads, thread_room;
    uint64_t operations, duration_ns;
    uint64_t operations_end; /* offset behind the last whole block that may hold some */
    bool complete;
    struct block_index index;
};

/* `contents` is zeroed. Returns 0, or -1 with a message; to be released in either case. */
int trace_contents_read(struct trace_contents *contents, struct trace_source *source,
                        char *message);
void trace_contents_release(struct trace_contents *contents);

#endif
