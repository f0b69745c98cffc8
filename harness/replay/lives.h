/*
 * The lives of a trace's blocks: which one a call ends, which one it begins.
 *
 * A realloc ends one life and begins the next, in the place of its return. One that failed does
 * so, too, with the old size: what comes behind it on another worker has to wait for it. The
 * order of the trace is taken as it is; what cannot be is a mistake, and named.
 */
#ifndef HEAPMARK_LIVES_H
#define HEAPMARK_LIVES_H

#include "live_map.h"
#include "trace.h"

enum { LIFE_NONE = LIVE_MAP_NONE };

struct life {
    uint64_t size;
    uint32_t slot;
    uint32_t born_lap;
    uint32_t next;        /* on the list of unused entries */
    uint16_t born_worker; /* whose call began it */
    uint16_t slot_owner;  /* to whose list its slot goes back */
    bool used;
    bool passes; /* ended by another worker in the lap of its birth */
};

struct lives {
    struct live_map map;
    struct life *life; /* by number */
    uint32_t count, capacity, unused;
    bool inherited;            /* blocks from before the recording may be ended */
    struct open_realloc *open; /* REALLOC_BEGIN without its return */
    size_t open_count, open_capacity;
    int64_t live_bytes;
    uint64_t live_blocks;
};

/* What a call did. */
struct change {
    uint32_t ended, begun; /* LIFE_NONE: none. The entry of `ended` stays until lives_forget() */
    bool foreign;          /* gave back or resized a block from before the recording */
    const char *mistake;
};

/* Return 0, or -1 when memory is short. */
int lives_init(struct lives *lives, bool inherited);
void lives_release(struct lives *lives);
int lives_apply(struct lives *lives, const struct trace_op *op, struct change *change);

void lives_forget(struct lives *lives, uint32_t number);

#endif
