/*
 * Huge blocks, above 256 KiB: runs of pages, found by address in a table.
 *
 * What is freed may wait in a pool (huge_pool.h): taking its pages over costs a fraction of
 * faulting new ones in. How much may wait has to be earned, as in region_cache.c. Pages of the
 * pool hold old contents, and a block taken from it says so.
 */
#ifndef BRKMAP_HUGE_H
#define BRKMAP_HUGE_H

#include "heap_walk.h"
#include "lock.h"

#include <stdbool.h>
#include <stddef.h>

/* `alignment` is a power of two. `zeroed` says whether the block reads as zero. Hardened, a block
 * of no bytes is an address at which nothing is. */
void *huge_allocate(size_t bytes, size_t alignment, bool *zeroed);
/* False when the pointer is no huge block. */
bool huge_release(void *payload);
/* What may be used of a huge block, whole pages. False when it is none. */
bool huge_usable_bytes(const void *payload, size_t *bytes);
/* Makes it so long, moving it when it must; NULL when memory is short, and then nothing has
 * changed. The payload is a huge block. */
void *huge_resize(void *payload, size_t bytes);
/* Empties the pool. True if anything was in it. */
bool huge_trim(void);
/* Gives back what has waited for nothing in the pool; called now and then by those who want other
 * memory. Looks at the clock only when something waits, and takes the lock only when it is due. */
void huge_tidy(void);

/* Calls `visit` for every huge block, and for what waits in the pool, which is not used. With the
 * lock held; ends when it returns false, and then does so, too. */
bool huge_each(heap_visit_fn *visit, void *argument);

extern struct lock huge_lock __attribute__((visibility("hidden")));

#endif
