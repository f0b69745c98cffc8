/*
 * Huge blocks, above 256 KiB: runs of pages, found by address in a table.
 *
 * What is freed may wait in a pool (huge_pool.h): taking its pages over costs a fraction of
 * faulting new ones in. How much may wait has to be earned, as in region_cache.c. Pages of the
 * pool hold old contents, and a block taken from it says so.
 */
#ifndef BRKMAP_HUGE_H
#define BRKMAP_HUGE_H

#include "lock.h"

#include <stdbool.h>
#include <stddef.h>

/* `alignment` is a power of two. `zeroed` says whether the block reads as zero. */
void *huge_allocate(size_t bytes, size_t alignment, bool *zeroed);
/* False when the pointer is no huge block. */
bool huge_release(void *payload);
/* What may be used of a huge block, whole pages; 0 when it is none. */
size_t huge_usable_bytes(const void *payload);
/* Makes it so long, moving it when it must; NULL when memory is short, and then nothing has
 * changed. The payload is a huge block. */
void *huge_resize(void *payload, size_t bytes);
/* Empties the pool. True if anything was in it. */
bool huge_trim(void);
/* Gives back what has waited for nothing in the pool; called now and then by those who want other
 * memory. Looks at the clock only when something waits, and takes the lock only when it is due. */
void huge_tidy(void);

struct huge_figures {
    size_t live_bytes, live_blocks, pooled_bytes;
};
struct huge_figures huge_figures(void);

/* Calls `visit` for every huge block, with the lock held; ends when it returns false. */
bool huge_each(bool (*visit)(void *argument, void *payload, size_t bytes), void *argument);

/* The same for the mappings that wait to be used again. */
bool huge_each_waiting(bool (*visit)(void *argument, void *mapping, size_t bytes), void *argument);

extern struct lock huge_lock __attribute__((visibility("hidden")));

#endif
