/*
 * Opcodes of .wl files, for their reader and their writer.
 */
#ifndef HEAPMARK_WL_H
#define HEAPMARK_WL_H

#include "trace.h"

#include <stdbool.h>
#include <stdio.h>

enum wl_opcode {
    WL_NOP,
    WL_DONE,
    WL_MALLOC,
    WL_CALLOC,
    WL_REALLOC,
    WL_FREE,
    WL_SYNC_W,
    WL_SYNC_R,
    WL_ALLOC_PTRS,
    WL_ALLOC_SYNCS,
    WL_NTHREADS,
    WL_START_THREAD,
    WL_MEMALIGN,
    WL_VALLOC,
    WL_PVALLOC,
    WL_POSIX_MEMALIGN,
    WL_OPCODES,
};

struct wl_operation {
    const char *name;  /* NULL: not of a thread's list */
    unsigned numbers;  /* that follow; the last one of an allocating operation is its size */
    unsigned pointers; /* how many of them, from the first, name pointers */
    uint8_t kind;      /* enum trace_kind; 0: no operation of memory */
    bool is_sync;
};

extern const struct wl_operation wl_operations[WL_OPCODES];

struct export;
int wl_write(struct export *export, FILE *stream, char *message);

#endif
