/* address_index.h */
#include "address_index.h"

#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "freelist.h"
#include "os.h"

/* Small enough for short lists, large enough that the tables stay under 1 % of the heap. */
#define GRANULE_BYTES  ((size_t)2048)
#define GRANULES_FIRST ((size_t)16 << 10) /* 32 MiB of heap in the first tables */

#define CACHE_LINE_BYTES ((size_t)64)
_Static_assert(ADDRESS_FAN * sizeof(uint32_t) == CACHE_LINE_BYTES, "a group is a cache line");

static size_t granule_of(const struct freelist *heap, const struct block *block)
{
    return ((uintptr_t)block - heap->base) / GRANULE_BYTES;
}

static struct block *at(const struct freelist *heap, block_link link)
{
    return block_from_link(heap->base, link);
}

/* ---- the maxima ---- */

/* Four maxima at once, by the vectors of gcc and clang. They compare as signed numbers, which
 * BLOCK_UNITS_MOST makes right. */
typedef int32_t four __attribute__((vector_size(16), may_alias));
#define FOURS (ADDRESS_FAN / 4)

static four four_larger(four a, four b)
{
    four mask = a > b;
    return (a & mask) | (b & ~mask);
}

static uint32_t group_largest(const uint32_t *group)
{
    const four *fours = (const four *)group;
    _Static_assert(FOURS == 4, "a group is four times four");
    four largest = four_larger(four_larger(fours[0], fours[1]), four_larger(fours[2], fours[3]));
    int32_t low = largest[0] > largest[1] ? largest[0] : largest[1];
    int32_t high = largest[2] > largest[3] ? largest[2] : largest[3];

    return (uint32_t)(low > high ? low : high);
}

/* A bit for each member of the group that is at least `units` (above 0); without a branch, since
 * nobody can predict which of them is the first. */
static uint32_t group_fits(const uint32_t *group, uint32_t units)
{
#ifdef __SSE2__
    const __m128i *fours = (const __m128i *)group;
    __m128i less = _mm_set1_epi32((int32_t)units - 1);
    __m128i low = _mm_packs_epi32(_mm_cmpgt_epi32(fours[0], less), _mm_cmpgt_epi32(fours[1], less));
    __m128i high =
        _mm_packs_epi32(_mm_cmpgt_epi32(fours[2], less), _mm_cmpgt_epi32(fours[3], less));
    return (uint32_t)_mm_movemask_epi8(_mm_packs_epi16(low, high));
#else
    uint32_t fits = 0;
    for (size_t i = 0; i < ADDRESS_FAN; i++)
        fits |= (uint32_t)(group[i] >= units) << i;
    return fits;
#endif
}

static void set_largest(struct address_index *index, size_t granule, uint32_t units)
{
    size_t at_index = granule;

    for (unsigned level = 0; level < index->levels; level++) {
        uint32_t *place = &index->largest[level][at_index];
        uint32_t old = *place;
        if (old == units)
            return;
        *place = units;
        at_index /= ADDRESS_FAN;
        if (level + 1 == index->levels)
            return;
        uint32_t above = index->largest[level + 1][at_index];
        /* One of the others is the largest, and stays it. */
        if (above > units && above != old)
            return;
        if (units < old)
            units = group_largest(&index->largest[level][at_index * ADDRESS_FAN]);
    }
}

/* ---- the lists ---- */

static uint32_t list_largest(const struct freelist *heap, size_t granule)
{
    uint32_t largest = 0;
    block_link link = heap->by_address.first[granule];

    while (link != 0) {
        const struct block *block = at(heap, link);
        uint32_t units = block_units(block_bytes(block));
        largest = units > largest ? units : largest;
        link = block->after;
    }
    return largest;
}

static void set_before(struct freelist *heap, block_link link, block_link before)
{
    if (link != 0)
        at(heap, link)->before = before;
}

static void set_after(struct freelist *heap, size_t granule, block_link link, block_link after)
{
    if (link != 0)
        at(heap, link)->after = after;
    else
        heap->by_address.first[granule] = after;
}

static void grow_largest(struct freelist *heap, size_t granule, size_t bytes)
{
    if (block_units(bytes) > heap->by_address.largest[0][granule])
        set_largest(&heap->by_address, granule, block_units(bytes));
}

/* After a block of `old_bytes` has left the granule's list or become smaller. */
static void shrink_largest(struct freelist *heap, size_t granule, size_t old_bytes)
{
    if (block_units(old_bytes) == heap->by_address.largest[0][granule])
        set_largest(&heap->by_address, granule, list_largest(heap, granule));
}

static void insert(struct freelist *heap, struct block *block, size_t bytes)
{
    size_t granule = granule_of(heap, block);
    block_link link = block_to_link(heap->base, block);
    block_link before = 0;
    block_link after = heap->by_address.first[granule];

    while (after != 0 && after < link) {
        before = after;
        after = at(heap, after)->after;
    }
    block_set_free(block, bytes, 0);
    block->before = before;
    block->after = after;
    set_after(heap, granule, before, link);
    set_before(heap, after, link);
    grow_largest(heap, granule, bytes);
}

static void detach(struct freelist *heap, struct block *block)
{
    size_t granule = granule_of(heap, block);

    set_after(heap, granule, block->before, block->after);
    set_before(heap, block->after, block->before);
    shrink_largest(heap, granule, block_bytes(block));
}

static void replace(struct freelist *heap, struct block *old, struct block *block, size_t bytes)
{
    size_t granule = granule_of(heap, block);

    if (granule_of(heap, old) != granule) {
        detach(heap, old);
        insert(heap, block, bytes);
        return;
    }
    /* It keeps its place in the list. The two may overlap: first read, then write. */
    size_t old_bytes = block_bytes(old);
    block_link before = old->before, after = old->after;

    block_set_free(block, bytes, 0);
    block->before = before;
    block->after = after;
    if (block != old) {
        set_after(heap, granule, before, block_to_link(heap->base, block));
        set_before(heap, after, block_to_link(heap->base, block));
    }
    if (bytes > old_bytes)
        grow_largest(heap, granule, bytes);
    else
        shrink_largest(heap, granule, old_bytes);
}

/* ---- the tables ---- */

/* How many entries each level has for so many granules, whole groups; returns the levels. */
static unsigned level_sizes(size_t granules, size_t sizes[ADDRESS_LEVELS_MOST])
{
    unsigned levels = 0;

    do {
        granules = heap_round_up(granules, ADDRESS_FAN);
        sizes[levels++] = granules;
        granules /= ADDRESS_FAN;
    } while (sizes[levels - 1] > ADDRESS_FAN);
    return levels;
}

static bool tables_map(struct address_index *index, size_t granules)
{
    size_t sizes[ADDRESS_LEVELS_MOST];
    size_t total_bytes = granules * sizeof(block_link);

    index->granules = granules;
    index->levels = level_sizes(granules, sizes);
    for (unsigned level = 0; level < index->levels; level++)
        total_bytes += sizes[level] * sizeof(uint32_t);
    index->tables_bytes = heap_round_up(total_bytes, os_page_bytes());
    index->tables = os_map(index->tables_bytes);
    if (index->tables == NULL)
        return false;

    uint32_t *table = index->tables;
    for (unsigned level = 0; level < index->levels; level++) {
        index->largest[level] = table;
        table += sizes[level];
    }
    index->first = table;
    return true;
}

/* All levels but the first, for the first `granules`; what lies behind them is 0. */
static void maxima_make(struct address_index *index, size_t granules)
{
    for (unsigned level = 1; level < index->levels; level++) {
        granules = granules / ADDRESS_FAN + 1;
        for (size_t i = 0; i < granules; i++)
            index->largest[level][i] = group_largest(&index->largest[level - 1][i * ADDRESS_FAN]);
    }
}

static bool reserve(struct freelist *heap, uintptr_t end)
{
    struct address_index *old = &heap->by_address;
    size_t needed = (end - heap->base) / GRANULE_BYTES + 1;
    size_t granules = old->granules != 0 ? old->granules : GRANULES_FIRST;
    struct address_index new = {0};

    if (needed <= old->granules)
        return true;
    while (granules < needed)
        granules *= 2;
    if (!tables_map(&new, granules))
        return false;
    if (old->granules != 0) {
        memcpy(new.first, old->first, old->granules * sizeof(new.first[0]));
        memcpy(new.largest[0], old->largest[0], old->granules * sizeof(new.largest[0][0]));
        maxima_make(&new, old->granules);
        os_unmap(old->tables, old->tables_bytes);
    }
    *old = new;
    return true;
}

/* ---- the search ---- */

static struct block *list_first_fit(const struct freelist *heap, size_t granule, uintptr_t address,
                                    size_t bytes)
{
    block_link link = heap->by_address.first[granule];

    while (link != 0) {
        struct block *block = at(heap, link);
        if (block_bytes(block) >= bytes && (uintptr_t)block >= address)
            return block;
        link = block->after;
    }
    return NULL;
}

/* From an entry known to fit down to the first granule below it that does. */
static size_t descend(const struct address_index *index, unsigned level, size_t entry,
                      uint32_t units)
{
    while (level > 0) {
        entry *= ADDRESS_FAN;
        level--;
        entry += (size_t)__builtin_ctz(group_fits(&index->largest[level][entry], units));
    }
    return entry;
}

struct block *address_index_first(const struct freelist *heap, size_t bytes)
{
    const struct address_index *index = &heap->by_address;
    uint32_t units = block_units(bytes);

    if (index->granules == 0)
        return NULL;
    unsigned top = index->levels - 1;
    uint32_t fits = group_fits(index->largest[top], units);
    if (fits == 0)
        return NULL;
    return list_first_fit(heap, descend(index, top, (size_t)__builtin_ctz(fits), units), 0, bytes);
}

struct block *address_index_first_from(const struct freelist *heap, uintptr_t address, size_t bytes)
{
    const struct address_index *index = &heap->by_address;
    uint32_t units = block_units(bytes);
    size_t entry = address <= heap->base ? 0 : (address - heap->base) / GRANULE_BYTES;

    if (entry >= index->granules)
        return NULL;
    if (index->largest[0][entry] >= units) {
        struct block *block = list_first_fit(heap, entry, address, bytes);
        if (block != NULL)
            return block;
    }
    for (unsigned level = 0; level < index->levels; level++) {
        size_t member = entry % ADDRESS_FAN;
        size_t group = entry - member;
        /* Those behind this one only: a shift by one more than the member. */
        uint32_t fits = group_fits(&index->largest[level][group], units) >> member >> 1;
        if (fits != 0) {
            entry += 1 + (size_t)__builtin_ctz(fits);
            return list_first_fit(heap, descend(index, level, entry, units), 0, bytes);
        }
        entry /= ADDRESS_FAN;
    }
    return NULL;
}

/* ---- for checks ---- */

static bool holds(const struct freelist *heap, const struct block *block)
{
    const struct address_index *index = &heap->by_address;
    size_t entry = granule_of(heap, block);
    block_link link = index->first[entry];

    while (link != 0 && at(heap, link) < block) {
        if (at(heap, link)->after <= link)
            return false;
        link = at(heap, link)->after;
    }
    if (link == 0 || at(heap, link) != block)
        return false;
    if (index->largest[0][entry] != list_largest(heap, entry))
        return false;
    for (unsigned level = 1; level < index->levels; level++) {
        entry /= ADDRESS_FAN;
        if (index->largest[level][entry] !=
            group_largest(&index->largest[level - 1][entry * ADDRESS_FAN]))
            return false;
    }
    return true;
}

const struct index address_index = {
    .reserve = reserve,
    .insert = insert,
    .remove = detach,
    .replace = replace,
    .holds = holds,
};
