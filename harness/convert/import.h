/*
 * Takes the operations that an importer reads, checks that they are possible, and writes them.
 *
 * An importer hands over events in an order; blocks have keys: addresses where the format carries
 * them, ids otherwise. Ids are given addresses that are aligned as asked (16 at least), disjoint
 * and unique while live. Key 0 is NULL: formats whose ids begin with 0 add 1.
 */
#ifndef HEAPMARK_IMPORT_H
#define HEAPMARK_IMPORT_H

#include "block_map.h"
#include "foreign_format.h"
#include "trace.h"
#include "trace_writer.h"

struct import_event {
    uint8_t kind; /* enum trace_kind */
    bool failed;
    uint64_t key, old_key; /* as address and old_address of struct trace_op */
    uint64_t size, alignment;
    uint64_t tid;     /* any number that names the thread; formats without threads: 0 */
    uint64_t time_ns; /* from any origin */
};

struct import_counts {
    uint64_t operations, blocks, threads;
    uint64_t inherited; /* blocks from before that were freed or resized */
    uint64_t skipped;   /* impossible operations left out (lenient) */
    uint64_t implied;   /* blocks freed because their address was handed out again (lenient), or
                           because the format says so */
    uint64_t ignored;   /* lines that are no operations of this trace */
};

struct import {
    const struct foreign_format *format;
    struct source *source;
    struct trace_writer *writer;
    bool lenient;
    bool has_times; /* set by formats of which only some files carry times */
    struct import_counts counts;
    struct trace_facts facts; /* learned on the way; written at the end */
    char note[256];           /* one more line for the user; "" if none */
    /* the rest is import.c's */
    struct block_map blocks, threads;
    uint64_t next_address, first_ns, last_ns;
    uint64_t live_bytes, live_peak_bytes;
    bool begun;
};

/* Returns 0, or -1 with a message that names the place in the source. */
int import_add(struct import *import, const struct import_event *event, char *message);
/* What the format itself calls freed though nobody called free: a slot used again. */
int import_free_implied(struct import *import, uint64_t key, const struct import_event *event,
                        char *message);
/* Whether a live block has this key. */
bool import_is_live(const struct import *import, uint64_t key);
/* The number may come again for another thread. */
void import_thread_done(struct import *import, uint64_t tid);
/* For what an importer finds impossible by itself: with `lenient` counts a skipped operation and
 * returns 0, else -1 with a message. */
int import_mistake(struct import *import, char *message, const char *reason);
/* "fact = value"; out of memory is an error with a message. */
int import_fact(struct import *import, const char *name, const char *value, char *message);

struct import_request {
    const char *input, *output;          /* paths; "-" */
    const struct foreign_format *format; /* NULL: by content */
    bool lenient;
};

struct import_result {
    const struct foreign_format *format;
    unsigned carries; /* as the format, less what this file lacked */
    struct import_counts counts;
    char note[256];
};

/* The whole way from file to file. When it fails, no output is left behind, and one that was
 * there before is untouched. Returns 0, or -1 with a message. */
int import_file(const struct import_request *request, struct import_result *result, char *message);
/* The same from a source that is open, to any path that can be written. */
int import_source(struct source *source, const struct import_request *request,
                  struct import_result *result, char *message);

#endif
