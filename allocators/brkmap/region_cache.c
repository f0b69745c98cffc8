/*
 * How many free slices stay resident. Giving pages back and faulting them in again costs about as
 * much as using them for some microseconds; keeping them costs memory that others could use.
 *
 * A share of the heap may always stay. More has to be earned: slices that are wanted within a
 * moment of having been purged show that this program goes up and down, and raise the allowance;
 * a window of time in which fewer slices were used again lowers it.
 */
#include "os.h"
#include "region_internal.h"

#define ALWAYS_SLICES ((size_t)64)
#define SHARE_OF_USED 8
/* The moment, and the window: a purged slice counts as regretted until it ends. */
#define WINDOW_MS 250

static size_t allowance(void)
{
    return ALWAYS_SLICES + region.used_slices / SHARE_OF_USED + region.earned_slices;
}

static void window_turn(void)
{
    uint64_t now_ms = os_coarse_ms();

    uint64_t windows = (now_ms - region.window_start_ms) / WINDOW_MS;
    if (windows == 0)
        return;
    region.window_start_ms = now_ms;
    /* In the windows after the first nothing was used, or this would have been called. */
    for (; windows > 0 && region.reused_slices < region.earned_slices; windows--) {
        region.earned_slices -= (region.earned_slices - region.reused_slices + 3) / 4;
        region.reused_slices = 0;
    }
    region.purged_slices = region.reused_slices = 0;
}

void region_cache_took(unsigned clean, unsigned resident)
{
    region.reused_slices += resident;
    region.reused_slices_ever += resident;
    if (clean == 0 || region.purged_slices == 0)
        return;
    window_turn();
    size_t regretted = clean < region.purged_slices ? clean : region.purged_slices;
    region.purged_slices -= regretted;
    region.earned_slices += regretted;
}

/* A purge leaves half of the allowance, so that the next one is far. The windows turn here, however
 * little there is to purge, so that what was earned decays in a program that gives little. */
void region_cache_gave(void)
{
    window_turn();
    size_t before = region.dirty_free_slices;
    if (before <= allowance())
        return;
    region_purge(allowance() / 2);
    region.purged_slices += before - region.dirty_free_slices;
}

/* The resident free slices, or where pages are longer than slices (64 KiB on some aarch64), the
 * free pages with such slices: the kernel would round up, over what is in use. */
static slice_bits purgeable(const struct chunk *chunk)
{
    slice_bits free = bits_load(chunk->free), dirty = bits_load(chunk->dirty), pages = 0;
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

/* Of one chunk, run by run, until enough are gone. */
static void purge_chunk(struct chunk *chunk, size_t keep)
{
    slice_bits gone = 0, left = purgeable(chunk), dirty = bits_load(chunk->dirty);

    while (left != 0 && region.dirty_free_slices > keep) {
        unsigned first = bits_lowest(left), count = 0;
        while (first + count < CHUNK_SLICES && (left >> (first + count) & 1) != 0)
            count++;
        slice_bits run = bits_run(first, count);
        left &= ~run;
        if (os_purge((char *)chunk + first * SLICE_BYTES, count * SLICE_BYTES)) {
            region_hide((char *)chunk + first * SLICE_BYTES, count * SLICE_BYTES);
            gone |= run;
            region.dirty_free_slices -= bits_count(run & dirty);
            region.purges++;
            region.purged_slices_ever += bits_count(run & dirty);
        }
    }
    bits_store(chunk->dirty, dirty & ~gone);
}

void region_purge(size_t keep)
{
    for (size_t i = region.chunk_count; i > 0 && region.dirty_free_slices > keep; i--)
        purge_chunk(region.chunks[i - 1], keep);
}
