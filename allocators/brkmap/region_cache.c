/*
 * How many free slices stay resident. Giving pages back and faulting them in again costs about as
 * much as using them for some microseconds; keeping them costs memory that others could use.
 *
 * Twice as many as are in use may stay: while a program goes up and down it wants them again.
 * More has to be earned: slices that are wanted within a moment of having been purged show that it
 * drops most of what it has and takes it again. What is not needed of that goes with what is given
 * back meanwhile, whatever the clock says. What a program could do without for a window of time
 * goes at its end.
 */
#include "heap.h"
#include "os.h"
#include "region_internal.h"

#define ALWAYS_SLICES ((size_t)32)
#define SHARE_OF_USED 2
/* The moment, and the window: a purged slice counts as regretted until it ends. */
#define WINDOW_MS 1000
/* What was earned is looked at when so many times what is resident has been given back. */
#define LOOK_AFTER 8

static size_t less(size_t a, size_t b)
{
    return a > b ? a - b : 0;
}

/* What may wait without having been earned. */
static size_t share(void)
{
    return heap_most(ALWAYS_SLICES, SHARE_OF_USED * region.used_slices);
}

/* Purges and notes what will be regretted when it is wanted again in this window. */
static void purge_to(size_t keep)
{
    /* In two steps: others change it while this one purges. */
    size_t purged = region_purge(keep);
    region.purged_slices += purged;
}

/* Half of what was earned and has not been needed since the last look; but for a quarter, since no
 * two rounds of a program are quite alike. */
static void look_at_earned(void)
{
    region.earned_slices -= (less(region.earned_slices, region.needed_slices * 4 / 3) + 1) / 2;
    region.needed_slices = region.given_slices = 0;
}

static bool window_is_over(uint64_t now_ms)
{
    return now_ms - region.window_start_ms >= WINDOW_MS;
}

static void window_turn(void)
{
    uint64_t now_ms = os_coarse_ms();
    size_t idle = region.idle_slices;

    if (!window_is_over(now_ms))
        return;
    region.window_start_ms = now_ms;
    region.purged_slices = 0;
    region.idle_slices = region.dirty_free_slices;
    look_at_earned();
    if (idle > ALWAYS_SLICES + region.earned_slices)
        purge_to(region.dirty_free_slices - idle + region.earned_slices);
}

void region_cache_took(unsigned clean, unsigned resident)
{
    region.reused_slices_ever += resident;
    if (region.idle_slices > region.dirty_free_slices)
        region.idle_slices = region.dirty_free_slices;
    if (clean == 0 || region.purged_slices == 0 || window_is_over(os_coarse_ms()))
        return;
    size_t regretted = clean < region.purged_slices ? clean : region.purged_slices;
    region.purged_slices -= regretted;
    region.earned_slices += regretted;
}

/* How much more waits, and was not idle, than may always. */
static size_t excess(void)
{
    size_t busy = less(region.dirty_free_slices, region.idle_slices);
    return less(busy, share());
}

/* A purge leaves half of the share, so that the next one is far. */
void region_cache_gave(unsigned slices)
{
    region.given_slices += slices;
    region.needed_slices = heap_most(region.needed_slices, excess());
    if (region.given_slices > LOOK_AFTER * (region.used_slices + region.dirty_free_slices))
        look_at_earned();
    if (region.dirty_free_slices <= ALWAYS_SLICES)
        return;
    window_turn();
    if (region.dirty_free_slices > share() + region.earned_slices)
        purge_to(share() / 2 + region.earned_slices);
}

/* The resident free slices, or where pages are longer than slices (64 KiB on some aarch64), the
 * free pages with such slices: the kernel would round up, over what is in use. */
static slice_bits purgeable(const struct chunk *chunk)
{
    slice_bits free = chunk_takeable(chunk), dirty = chunk->dirty, pages = 0;
    unsigned page_slices = (unsigned)(os_page_bytes() / SLICE_BYTES);

    if (page_slices <= 1)
        return free & dirty;
    for (unsigned i = 0; i < CHUNK_SLICES; i += page_slices) {
        slice_bits page = bits_run(i, page_slices);
        if ((free & page) == page && (dirty & page) != 0)
            pages |= page;
    }
    return pages;
}

/* The first of the slices, and those that follow it without a gap. */
static slice_bits first_run(slice_bits slices, unsigned *first, unsigned *count)
{
    *first = bits_lowest(slices);
    *count = bits_lowest(~(slices >> *first));
    return bits_run(*first, *count);
}

/* Without the lock. Returns those that the system refuses. */
static slice_bits purge_runs(struct chunk *chunk, slice_bits slices, size_t *purges)
{
    slice_bits kept = 0;

    for (unsigned first, count; slices != 0;) {
        slice_bits run = first_run(slices, &first, &count);
        char *start = (char *)chunk + first * SLICE_BYTES;
        slices &= ~run;
        if (os_purge(start, count * SLICE_BYTES))
            region_hide(start, count * SLICE_BYTES), ++*purges;
        else
            kept |= run;
    }
    return kept;
}

/* Of one chunk, until enough are gone; returns how many slices that were resident. Others use the
 * region meanwhile. */
static size_t purge_chunk(struct chunk *chunk, size_t keep)
{
    slice_bits leaving = 0, left = purgeable(chunk), dirty = chunk->dirty;
    size_t purges = 0;

    while (left != 0 && region.dirty_free_slices > keep) {
        unsigned first, count;
        slice_bits run = first_run(left, &first, &count);
        left &= ~run;
        leaving |= run;
        region.dirty_free_slices -= bits_count(run & dirty);
    }
    if (leaving == 0)
        return 0;
    /* Before others see it. */
    region.idle_slices = heap_least(region.idle_slices, region.dirty_free_slices);
    chunk->leaving |= leaving;
    lock_release(&region_lock);
    slice_bits kept = purge_runs(chunk, leaving, &purges);
    lock_acquire(&region_lock);
    chunk->leaving &= ~leaving;
    chunk->dirty &= ~leaving | kept;
    region.dirty_free_slices += bits_count(kept & dirty);
    region.purges += purges;
    size_t purged = bits_count(leaving & dirty & ~kept);
    region.purged_slices_ever += purged;
    region_found_free(chunk, REGION_RUN_MAX);
    return purged;
}

size_t region_purge(size_t keep)
{
    size_t purged = 0;

    /* Others may trim the top meanwhile, but not a chunk of which anything leaves. */
    for (struct chunk *chunk = region.last; chunk != NULL && region.dirty_free_slices > keep;
         chunk = chunk->previous)
        purged += purge_chunk(chunk, keep);
    return purged;
}
