/* What the files of the region share: its state, all guarded by region_lock. */
#ifndef BRKMAP_REGION_INTERNAL_H
#define BRKMAP_REGION_INTERNAL_H

#include "block.h"
#include "os.h"
#include "region.h"

struct region {
    struct chunk *first, *last; /* in the order of their making */
    size_t chunk_count;
    /* No chunk before it has a free run of so many slices; NULL: any may have. */
    struct chunk *first_with[REGION_RUN_MAX + 1];
    uintptr_t fresh, fresh_end; /* taken from the break, not yet a chunk */
    uintptr_t break_top;        /* where the break stood when we last moved it */
    size_t system_bytes;
    size_t free_slices, dirty_free_slices;
    size_t used_slices;

    /* The allowance of resident free slices; see region_cache.c. */
    size_t earned_slices, needed_slices, given_slices;
    size_t purged_slices, idle_slices;
    uint64_t window_start_ms;
    size_t purges, purged_slices_ever, reused_slices_ever; /* for brkmap.h */
};
extern struct region region __attribute__((visibility("hidden")));

/* `count` ones from `first` on; at most CHUNK_SLICES - 1, since slice 0 is never in a run. */
static inline slice_bits bits_run(unsigned first, unsigned count)
{
    return (((slice_bits)1 << count) - 1) << first;
}

static inline unsigned bits_count(slice_bits bits)
{
    return (unsigned)__builtin_popcountll((uint64_t)bits) +
           (unsigned)__builtin_popcountll((uint64_t)(bits >> 64));
}

/* How many of a run's slices are among `bits`; all or none mostly, and counting is slow. */
static inline unsigned bits_count_in(slice_bits bits, slice_bits run, unsigned slices)
{
    bits &= run;
    return bits == 0 ? 0 : bits == run ? slices : bits_count(bits);
}

/* `bits` is not 0. */
static inline unsigned bits_lowest(slice_bits bits)
{
    return (uint64_t)bits != 0 ? (unsigned)__builtin_ctzll((uint64_t)bits)
                               : 64 + (unsigned)__builtin_ctzll((uint64_t)(bits >> 64));
}

/* In the hardened variant what is free and not dirty faults when it is touched, but for the pages
 * from which no chunk has been made. False when the system refuses. */
static inline bool region_show(void *address, size_t bytes)
{
    return !HARDENED || os_protect(address, bytes, true);
}

static inline void region_hide(void *address, size_t bytes)
{
    if (HARDENED)
        os_protect(address, bytes, false);
}

/* Zeros above the highest one. */
static inline unsigned bits_leading(slice_bits bits)
{
    return (uint64_t)(bits >> 64) != 0 ? (unsigned)__builtin_clzll((uint64_t)(bits >> 64))
                                       : 64 + (unsigned)__builtin_clzll((uint64_t)bits);
}

/* region_system.c: one more chunk with at least `slices` free ones, the last of the list, or NULL.
 */
struct chunk *region_grow(unsigned slices);

/* What may be taken: a free slice that is just being purged may not. */
static inline slice_bits chunk_takeable(const struct chunk *chunk)
{
    return chunk->free & ~chunk->leaving;
}

/* region.c: a chunk has free runs that may be longer than first_with knows, at most so long. */
void region_found_free(struct chunk *chunk, unsigned longest);

/* region_cache.c. The second releases the lock for a moment, and so does the third. */
void region_cache_took(unsigned clean, unsigned resident);
void region_cache_gave(unsigned slices);
/* Gives up resident free slices, from the top down, until `keep` are left. Returns how many. */
size_t region_purge(size_t keep);

#endif
