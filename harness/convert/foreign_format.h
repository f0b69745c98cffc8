/*
 * The formats of other tools: one file each, which ends in a struct foreign_format.
 *
 * What a format carries is told by flags; what it does not carry is said to the user and goes
 * into the trace's facts. docs/trace-import.md describes them all.
 */
#ifndef HEAPMARK_FOREIGN_FORMAT_H
#define HEAPMARK_FOREIGN_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct source;
struct import;
struct export;

enum foreign_format_carries {
    CARRIES_TIMES = 1 << 0,
    CARRIES_THREADS = 1 << 1,
    CARRIES_ALIGNMENTS = 1 << 2,
    CARRIES_ADDRESSES = 1 << 3,
    CARRIES_FAILURES = 1 << 4,
    CARRIES_REALLOC = 1 << 5,  /* tells a realloc from a free and a malloc */
    CARRIES_IDENTITY = 1 << 6, /* which block is freed */
    /* Recording may have begun after blocks had been allocated, or not see every call that
     * allocates: a block never seen before may be freed. */
    FORMAT_INHERITS = 1 << 7,
    FORMAT_BINARY = 1 << 8,
    /* Threads have lists of their own, and when one's call came before another's is not told:
     * live bytes of all threads together are made up. */
    FORMAT_UNORDERED = 1 << 9,
};

struct foreign_format {
    const char *name, *summary;
    unsigned carries;
    /* Whether a file that starts like this is one; up to SOURCE_PEEK_BYTES. */
    bool (*sniff)(const unsigned char *start, size_t bytes);
    /* Takes the source to its end. Returns 0, or -1 with a message. NULL: no import. */
    int (*import)(struct import *import, struct source *source, char *message);
    /* Writes the trace. Errors of `stream` are the caller's to find (ferror). Returns 0, or -1
     * with a message. NULL: no export. */
    int (*export)(struct export *export, FILE *stream, char *message);
};

extern const struct foreign_format *const foreign_formats[]; /* ends with NULL */

extern const struct foreign_format format_heaptrack_raw, format_heaptrack, format_mtrace,
    format_valgrind, format_rep, format_rep_weight, format_wl, format_memory_replay,
    format_malloc_bench, format_csv, format_jsonl;

/* NULL with a message that names those there are. */
const struct foreign_format *foreign_format_find(const char *name, char *message);
/* By content. NULL with a message. */
const struct foreign_format *foreign_format_recognise(struct source *source, char *message);

enum { FOREIGN_FORMAT_LACKS_BYTES = 240 };
/* "threads, times or alignments", or "" when it carries everything. */
void foreign_format_lacks(unsigned carries, char *text);

#endif
