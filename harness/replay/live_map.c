/* From address to number; see live_map.h. */
#include "live_map.h"

#include <stdlib.h>

enum { BITS_AT_FIRST = 12, ALIGNMENT_SHIFT = 4 };

/* Fibonacci hashing (Knuth 6.4) of what tells blocks apart. */
static size_t home_of(const struct live_map *map, uint64_t address)
{
    uint64_t mixed = (address >> ALIGNMENT_SHIFT) ^ (address << (64 - ALIGNMENT_SHIFT));
    return (size_t)((mixed * UINT64_C(0x9e3779b97f4a7c15)) >> (64 - map->bits));
}

static size_t mask_of(const struct live_map *map)
{
    return ((size_t)1 << map->bits) - 1;
}

int live_map_init(struct live_map *map)
{
    *map = (struct live_map){.bits = BITS_AT_FIRST};
    map->entry = calloc((size_t)1 << map->bits, sizeof *map->entry);
    return map->entry != NULL ? 0 : -1;
}

void live_map_release(struct live_map *map)
{
    free(map->entry);
    *map = (struct live_map){0};
}

/* The entry of that address, or the empty one where it belongs. */
static size_t find(const struct live_map *map, uint64_t address)
{
    size_t at = home_of(map, address), mask = mask_of(map);
    while (map->entry[at].address != 0 && map->entry[at].address != address)
        at = (at + 1) & mask;
    return at;
}

static int grow(struct live_map *map)
{
    struct live_map larger = {.bits = map->bits + 1, .count = map->count};
    larger.entry = calloc((size_t)1 << larger.bits, sizeof *larger.entry);
    if (larger.entry == NULL)
        return -1;
    for (size_t i = 0; i <= mask_of(map); i++)
        if (map->entry[i].address != 0)
            larger.entry[find(&larger, map->entry[i].address)] = map->entry[i];
    free(map->entry);
    *map = larger;
    return 0;
}

int live_map_add(struct live_map *map, uint64_t address, uint32_t number)
{
    if (2 * (map->count + 1) > mask_of(map) && grow(map) < 0)
        return -1;
    size_t at = find(map, address);
    if (map->entry[at].address != 0)
        return 1;
    map->entry[at] = (struct live_map_entry){address, number};
    map->count++;
    return 0;
}

uint32_t live_map_take(struct live_map *map, uint64_t address)
{
    size_t hole = find(map, address), mask = mask_of(map);
    uint32_t number = map->entry[hole].number;
    if (map->entry[hole].address == 0)
        return LIVE_MAP_NONE;
    map->count--;
    /* Entries behind the hole move up where their home allows it (Knuth 6.4, algorithm R). */
    for (size_t at = (hole + 1) & mask; map->entry[at].address != 0; at = (at + 1) & mask) {
        size_t home = home_of(map, map->entry[at].address);
        if (((at - home) & mask) < ((at - hole) & mask))
            continue;
        map->entry[hole] = map->entry[at];
        hole = at;
    }
    map->entry[hole] = (struct live_map_entry){0, 0};
    return number;
}
