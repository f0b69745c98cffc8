/*
 * Gives an exporter the operations of a trace one by one, with names for their blocks that its
 * format can use, and counts what it had to leave out.
 *
 * The two halves of a split realloc come as one, at the place of its second half; a block that
 * was handed out at the old address in between gets an address of its own.
 */
#ifndef HEAPMARK_EXPORT_H
#define HEAPMARK_EXPORT_H

#include "block_map.h"
#include "foreign_format.h"
#include "trace.h"
#include "trace_reader.h"

#include <stdint.h>

struct export;

struct export_step {
    struct trace_op op; /* never REALLOC_BEGIN; where a realloc's halves were put together, its
                           time is that of the second */
    bool freed;         /* a realloc to 0 bytes that freed the block */
    bool foreign; /* frees or resizes a block from before the recording, which has no number */
    uint64_t address, old_address; /* unique among live blocks; 0: NULL */
    uint64_t number;      /* of the block: from 0, in the order of birth, kept by realloc */
    uint32_t slot;        /* the smallest number no live block had, kept by realloc */
    uint64_t old_bytes;   /* of the block given; 0 for a foreign one */
    uint32_t last_thread; /* that touched the block before; own thread for a new block */
};

/* X(NAME, "what is told of it") */
#define EXPORT_LOSSES(X)                                                       \
    X(FAILED, "failed calls left out")                                         \
    X(NULL_FREES, "free(NULL) left out")                                       \
    X(FOREIGN, "frees and reallocs of blocks from before the trace left out")  \
    X(ALIGNMENTS, "calls asked for an alignment that is lost")                 \
    X(THREADS, "operations of other threads than the first folded into it")    \
    X(KINDS, "calls written as another of the family (calloc as malloc, ...)") \
    X(FREEING_REALLOCS, "realloc(block, 0) written as free")

enum export_loss {
#define X(name, text) LOST_##name,
    EXPORT_LOSSES(X)
#undef X
        LOST_COUNT
};

/* The next step: 1; 0 at the end; -1 with a message. */
int export_next(struct export *export, struct export_step *step, char *message);
/* From the beginning again: for formats that tell counts before operations. */
int export_rewind(struct export *export, char *message);
void export_lose(struct export *export, enum export_loss loss);
const struct trace_facts *export_facts(const struct export *export);
uint32_t export_threads(const struct export *export);
/* As the system numbered it; index + 1 when that is not known. */
uint64_t export_tid(const struct export *export, uint32_t thread);
/* The number of slots in use at once, at most, so far. */
uint32_t export_slots(const struct export *export);

struct export_result {
    uint64_t operations; /* calls of the trace */
    uint64_t lost[LOST_COUNT];
    bool had_times, had_threads; /* of the trace */
};

/* The whole way from file to file ("-": standard output). When it fails, no output is left
 * behind, and one that was there before is untouched. Returns 0, or -1 with a message. */
int export_file(const char *input, const struct foreign_format *format, const char *output,
                struct export_result *result, char *message);
/* The same from a reader that stands at its beginning to an open stream. */
int export_stream(struct trace_reader *reader, const struct foreign_format *format, FILE *stream,
                  struct export_result *result, char *message);
/* "mallocs..."; what a loss is called. */
const char *export_loss_text(enum export_loss loss);

#endif
