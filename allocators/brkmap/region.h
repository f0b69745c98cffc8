/*
 * The region: chunks from the break, or mapped where the break cannot move, and the runs of slices
 * that spans are made of. Everything here is taken from one lock, once for 64 blocks or more.
 *
 * A run is taken from the lowest chunk that has one, so that the heap stays dense at its bottom.
 * Slices that come back stay resident for a while: how many depends on how large the heap is, and
 * on how much of what was given back was wanted again at once (region_cache.c).
 */
#ifndef BRKMAP_REGION_H
#define BRKMAP_REGION_H

#include "lock.h"
#include "span.h"

enum { REGION_RUN_MAX = 16 }; /* slices: 256 KiB; larger blocks are mapped by themselves */

/* A span of `slices`, its start at a multiple of `alignment` bytes (a power of two, at most
 * REGION_RUN_MAX slices); the caller fills in the rest and owns it. Slices, first_slice and start
 * are set, the map says it. `zeroed` says whether all of it reads as zero. NULL: no memory. */
struct span *region_take(unsigned slices, size_t alignment, bool *zeroed);
/* The span ends, its slices are free. */
void region_give(struct span *span);
/* The span becomes longer or shorter without moving. False when what follows is not free. */
bool region_resize(struct span *span, unsigned slices);

/* The chunk that a pointer is in, or NULL when that is none of ours. Any pointer may be asked. */
struct chunk *region_chunk_of(const void *address);

/* Gives the pages of free slices back to the system, and free chunks at the top, but for
 * `keep_bytes`. True if any were. */
bool region_trim(size_t keep_bytes);

struct region_figures {
    size_t system_bytes; /* chunks, and what the break has moved ahead for the next ones */
    size_t dirty_free_bytes, top_bytes;
    size_t purges, purged_bytes, reused_bytes; /* since the start */
};
struct region_figures region_figures(void);

/* Calls `visit` for every chunk in the order of their making. The caller holds the lock. */
void region_each_chunk(void (*visit)(void *argument, struct chunk *chunk), void *argument);

/* For fork.c, and for those who make lists of their own under the same lock. */
extern struct lock region_lock __attribute__((visibility("hidden")));

#endif
