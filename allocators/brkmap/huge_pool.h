/* Mappings that wait to be used again. All under huge_lock; `live_bytes` is what huge blocks hold.
 */
#ifndef BRKMAP_HUGE_POOL_H
#define BRKMAP_HUGE_POOL_H

#include "os.h"

#include <stdbool.h>
#include <stddef.h>

/* A new mapping, zero; one that may be elsewhere then. Both may be NULL. Without guards, the
 * system's own. */
#ifdef BRKMAP_HARDENED
void *huge_map(size_t bytes, size_t alignment);
void *huge_remap(void *mapping, size_t old_bytes, size_t bytes);
#else
static inline void *huge_map(size_t bytes, size_t alignment)
{
    return alignment <= os_page_bytes() ? os_map(bytes) : os_map_aligned(bytes, alignment);
}

static inline void *huge_remap(void *mapping, size_t old_bytes, size_t bytes)
{
    return os_remap(mapping, old_bytes, bytes);
}
#endif
/* A mapping of exactly `bytes`, made from what waits, old contents and all; NULL: nothing fits. */
void *huge_pool_take(size_t bytes);
/* Takes the mapping, to keep it or to give it back. */
void huge_pool_put(void *mapping, size_t bytes, size_t live_bytes);
/* A huge block grows by so much fresh memory: as much of what waits is given back, so that the sum
 * does not rise. (Its pages cannot take the place of the fresh ones: a block of several mappings
 * could not be resized again.) */
void huge_pool_make_way(size_t bytes);
/* Gives everything back. True if there was anything. */
bool huge_pool_empty(void);
size_t huge_pool_bytes(void);
/* One after another of those that wait; NULL: there are no more. */
void *huge_pool_at(size_t index, size_t *bytes);

#endif
