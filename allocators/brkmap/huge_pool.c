/*
 * The pool of huge blocks' memory. Runs of pages that touch are one run, whatever they were before;
 * a request is served by the shortest run that is long enough, and the rest of it waits on. So a
 * program that replaces large buffers by others of other sizes soon faults no pages in, and asks
 * the system for nothing.
 *
 * Where no run is long enough, the pages of several may be moved (mremap) to stand side by side: a
 * page moved costs some 20 ns, a fault 1000. A block that grows takes the run behind it, or has
 * such pages moved behind it.
 *
 * A program that frees a huge block once and goes on should not keep it: the pool starts with no
 * allowance. Requests that memory given back within the last moment would have served earn it one,
 * up to what lives; more than that only where it was missed while less lived. What the pool could
 * have done without in a window of time goes back at its end, and allowance that did not serve.
 *
 * Invariant: runs are of whole pages, none touches another, `bytes` is their sum.
 */
#include "huge_pool.h"

#include <string.h>

#include "heap.h"
#include "os.h"

#define POOL_RUNS 64
#define WINDOW_MS 250
/* Of what lives, as much may always wait. */
#define SHARE_ALWAYS 4
/* What may be earned whatever lives: a program may have one buffer, and free it each time. */
#define BARE_BYTES_MAX ((size_t)32 << 20)
/* The tail that a block may keep when it shrinks: less is not worth a run of its own. */
#define TAIL_BYTES_MAX ((size_t)32 << 10)
/* A block that grows by moving gets an eighth more of address space. */
#define GROWTH_SHIFT 3
/* Blocks are assembled from this size on; smaller ones when more waits than half of what lives. */
#define ASSEMBLED_BYTES_MIN ((size_t)4 << 20)
/* A move costs as much as some ten faults. */
#define PIECE_BYTES_MIN ((size_t)64 << 10)
#define PIECES_MAX      8
/* Pages that were moved are mappings of their own to the system, which allows 65,530. */
#define BORDERS_MAX 8192

struct run {
    char *start;
    size_t bytes;
};

static struct {
    struct run waiting[POOL_RUNS];
    size_t count, bytes;
    size_t held_bytes; /* from the system: what waits, and what lives */
    size_t borders;    /* made by moving pages; an estimate, since nobody knows where they are */
    size_t earned_bytes, bare_bytes;
    /* In this window: the least that waited; given back and not yet missed; served. */
    size_t idle_bytes, given_bytes, given_bare_bytes, served_bytes;
    uint64_t window_start_ms;
} pool;

_Atomic uint64_t huge_pool_due_ms = UINT64_MAX;

static size_t live_bytes(void)
{
    return pool.held_bytes - pool.bytes;
}

/* `change` is added to what waits; modulo 2^64 it may be negative. */
static void count_waiting(size_t change)
{
    pool.bytes += change;
    pool.idle_bytes = heap_least(pool.idle_bytes, pool.bytes);
    atomic_store_explicit(&huge_pool_due_ms,
                          pool.count > 0 ? pool.window_start_ms + WINDOW_MS : UINT64_MAX,
                          memory_order_relaxed);
    HEAP_ASSERT((pool.count == 0) == (pool.bytes == 0) && pool.bytes <= pool.held_bytes);
}

static void to_system(char *start, size_t bytes)
{
    os_unmap(start, bytes);
    pool.given_bytes += bytes;
    pool.borders -= pool.borders / (pool.held_bytes / bytes);
    pool.held_bytes -= bytes;
}

/* Takes `bytes` out of a run, from `offset` on. */
static char *cut(size_t index, size_t offset, size_t bytes)
{
    struct run *run = &pool.waiting[index], whole = *run;
    size_t behind_bytes = whole.bytes - offset - bytes;
    struct run behind = {whole.start + offset + bytes, behind_bytes};

    HEAP_ASSERT((offset | bytes) % os_page_bytes() == 0 && offset + bytes <= whole.bytes);

    run->bytes = offset;
    if (offset == 0)
        *run = behind_bytes > 0 ? behind : pool.waiting[--pool.count];
    else if (behind_bytes > 0 && pool.count < POOL_RUNS)
        pool.waiting[pool.count++] = behind;
    else if (behind_bytes > 0)
        to_system(behind.start, behind_bytes), bytes += behind_bytes;
    count_waiting(-bytes);
    return whole.start + offset;
}

static size_t padding(const struct run *run, size_t alignment)
{
    return -(uintptr_t)run->start & (alignment - 1);
}

/* The shortest that is long enough; `pool.count`: none is. */
static size_t best_fit(size_t bytes, size_t alignment)
{
    size_t best = pool.count;
    for (size_t i = 0; i < pool.count; i++) {
        const struct run *run = &pool.waiting[i];
        if (run->bytes >= bytes && run->bytes - bytes >= padding(run, alignment) &&
            (best == pool.count || run->bytes < pool.waiting[best].bytes))
            best = i;
    }
    return best;
}

static size_t largest(void)
{
    size_t best = 0;
    for (size_t i = 1; i < pool.count; i++)
        if (pool.waiting[i].bytes > pool.waiting[best].bytes)
            best = i;
    return best;
}

/* From the ends of the largest runs, since small ones are cheap to keep. */
static void keep_only(size_t bytes)
{
    bytes = heap_round_up(bytes, os_page_bytes());
    while (pool.bytes > bytes) {
        size_t index = largest(), run_bytes = pool.waiting[index].bytes;
        size_t gone_bytes = heap_least(run_bytes, pool.bytes - bytes);
        if (run_bytes - gone_bytes < PIECE_BYTES_MIN)
            gone_bytes = run_bytes;
        to_system(cut(index, run_bytes - gone_bytes, gone_bytes), gone_bytes);
    }
}

void huge_pool_tidy(uint64_t now_ms)
{
    uint64_t windows = (now_ms - pool.window_start_ms) / WINDOW_MS;
    if (windows == 0)
        return;
    pool.window_start_ms = now_ms;
    pool.given_bytes = pool.given_bare_bytes = 0;
    if (windows == 1) {
        keep_only(pool.bytes - pool.idle_bytes);
    } else {
        /* In those after the first nothing was used, or this would have been called; so what goes
         * now would have gone then, and who wants it did not just miss it. */
        keep_only(0);
        pool.given_bytes = 0;
    }
    if (pool.served_bytes < pool.earned_bytes)
        pool.earned_bytes -= (pool.earned_bytes - pool.served_bytes + 1) / 2;
    pool.bare_bytes = heap_least(pool.bare_bytes, pool.earned_bytes);
    pool.served_bytes = 0;
    pool.idle_bytes = pool.bytes;
    count_waiting(0);
}

static void keep_allowed(void)
{
    size_t live = live_bytes(), before = pool.bytes;
    size_t share = heap_most(live / SHARE_ALWAYS, heap_least(live, pool.earned_bytes));

    keep_only(heap_least(pool.bytes, heap_most(share, pool.bare_bytes)));
    if (before > live)
        pool.given_bare_bytes += heap_least(before - pool.bytes, before - live);
}

/* Something of that size is wanted that waits no more: it should have been kept. */
static void regret(size_t bytes)
{
    size_t missed = heap_least(bytes, pool.given_bytes),
           bare = heap_least(missed, pool.given_bare_bytes);

    pool.given_bytes -= missed;
    pool.given_bare_bytes -= bare;
    pool.earned_bytes = heap_least(pool.earned_bytes + 2 * missed, live_bytes() + BARE_BYTES_MAX);
    pool.bare_bytes = heap_least(pool.bare_bytes + bare, BARE_BYTES_MAX);
}

static char *from_system(size_t bytes, size_t alignment)
{
    char *start = os_map_aligned(bytes, alignment);

    /* What waits may be what the limit lacks. */
    if (start == NULL && huge_pool_empty())
        start = os_map_aligned(bytes, alignment);
    if (start != NULL)
        pool.held_bytes += bytes;
    return start;
}

/* Pages that wait take the place of fresh ones, from `start` on, as far as it pays. Returns how
 * many bytes; more than `bytes` when the system has left things half done: then this memory may
 * not be used. */
static size_t fill(char *start, size_t bytes)
{
    size_t filled_bytes = 0;

    for (int pieces = 0; pieces < PIECES_MAX && pool.count > 0; pieces++) {
        size_t index = best_fit(bytes - filled_bytes, 1);
        index = index < pool.count ? index : largest();
        size_t piece_bytes = heap_least(pool.waiting[index].bytes, bytes - filled_bytes);
        if (piece_bytes < PIECE_BYTES_MIN || pool.borders > BORDERS_MAX)
            break;
        char *piece = cut(index, 0, piece_bytes);
        enum os_moved moved = os_move(piece, start + filled_bytes, piece_bytes);
        if (moved == OS_STAYED) {
            to_system(piece, piece_bytes);
            break;
        }
        /* Once more in the block than the system has lent us: the fresh pages are gone. */
        pool.held_bytes -= piece_bytes;
        if (moved == OS_BROKEN) {
            os_unmap(start, filled_bytes);
            size_t behind_bytes = bytes - filled_bytes - piece_bytes;
            os_unmap(start + bytes - behind_bytes, behind_bytes);
            pool.held_bytes -= bytes;
            return SIZE_MAX;
        }
        pool.borders += 2;
        pool.served_bytes += piece_bytes;
        filled_bytes += piece_bytes;
    }
    return filled_bytes;
}

/* A new block, of pages that wait where there are enough of them. */
static char *assemble(size_t bytes, size_t alignment, bool *zeroed)
{
    bool worth = bytes >= ASSEMBLED_BYTES_MIN || pool.bytes > live_bytes() / 2;
    char *start = from_system(bytes, alignment);
    size_t filled_bytes = 0;

    if (start != NULL && worth && pool.bytes >= bytes)
        filled_bytes = fill(start, bytes);
    *zeroed = filled_bytes == 0;
    return filled_bytes <= bytes ? start : from_system(bytes, alignment);
}

void *huge_pool_take(size_t bytes, size_t alignment, bool *zeroed)
{
    huge_pool_tidy(os_coarse_ms());
    size_t index = best_fit(bytes, alignment);
    if (index < pool.count) {
        *zeroed = false;
        pool.served_bytes += bytes;
        return cut(index, padding(&pool.waiting[index], alignment), bytes);
    }
    regret(bytes);
    return assemble(bytes, alignment, zeroed);
}

void huge_pool_put(void *mapping, size_t bytes)
{
    char *start = mapping;

    huge_pool_tidy(os_coarse_ms());
    for (size_t i = pool.count; i > 0; i--) {
        struct run *run = &pool.waiting[i - 1];
        bool before = run->start + run->bytes == start;
        if (!before && start + bytes != run->start)
            continue;
        start = before ? run->start : start;
        bytes += run->bytes;
        cut(i - 1, 0, run->bytes);
    }
    if (pool.count == POOL_RUNS)
        keep_only(pool.bytes - pool.waiting[largest()].bytes);
    pool.waiting[pool.count++] = (struct run){start, bytes};
    count_waiting(bytes);
    keep_allowed();
}

/* The run right behind a block becomes part of it. */
static bool take_behind(const char *end, size_t bytes)
{
    for (size_t i = 0; i < pool.count; i++)
        if (pool.waiting[i].start == end && pool.waiting[i].bytes >= bytes) {
            pool.served_bytes += bytes;
            cut(i, 0, bytes);
            return true;
        }
    return false;
}

/* Allocate, copy and free. */
static char *grow_by_copy(char *start, size_t old_bytes, size_t bytes)
{
    bool zeroed;
    char *moved = huge_pool_take(bytes, 1, &zeroed);
    if (moved != NULL) {
        memcpy(moved, start, old_bytes);
        huge_pool_put(start, old_bytes);
    }
    return moved;
}

/* The system makes the mapping longer, and where it must finds another place for it. */
static char *grow_by_system(char *start, size_t old_bytes, size_t *bytes)
{
    size_t roomy_bytes = heap_round_up(*bytes + (*bytes >> GROWTH_SHIFT), os_page_bytes());
    char *moved = os_remap(start, old_bytes, roomy_bytes);

    if (moved == NULL)
        moved = os_remap(start, old_bytes, roomy_bytes = *bytes);
    if (moved == NULL && huge_pool_empty())
        moved = os_remap(start, old_bytes, roomy_bytes);
    if (moved == NULL)
        return NULL;
    pool.held_bytes += roomy_bytes - old_bytes;
    *bytes = roomy_bytes;
    return moved;
}

static char *grow(char *start, size_t old_bytes, size_t *bytes)
{
    size_t more_bytes = *bytes - old_bytes;

    if (take_behind(start + old_bytes, more_bytes))
        return start;
    regret(more_bytes - heap_least(pool.bytes, more_bytes));
    char *moved = grow_by_system(start, old_bytes, bytes);
    /* It may be of several mappings, which the system does not make longer. */
    if (moved == NULL)
        return grow_by_copy(start, old_bytes, *bytes);
    if (fill(moved + old_bytes, more_bytes) <= more_bytes)
        return moved;
    return grow_by_copy(moved, old_bytes, *bytes);
}

void *huge_pool_resize(void *start, size_t old_bytes, size_t *bytes)
{
    huge_pool_tidy(os_coarse_ms());
    if (*bytes > old_bytes)
        return grow(start, old_bytes, bytes);
    if (old_bytes - *bytes > TAIL_BYTES_MAX)
        huge_pool_put((char *)start + *bytes, old_bytes - *bytes);
    else
        *bytes = old_bytes;
    return start;
}

bool huge_pool_empty(void)
{
    bool any = pool.count > 0;
    keep_only(0);
    return any;
}

void *huge_pool_at(size_t index, size_t *bytes)
{
    if (index >= pool.count)
        return NULL;
    *bytes = pool.waiting[index].bytes;
    return pool.waiting[index].start;
}
