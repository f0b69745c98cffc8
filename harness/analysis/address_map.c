/* Open addressing with linear probing (Knuth 6.4, Algorithms L and R); see address_map.h. */
#include "address_map.h"

#include <stdlib.h>

enum { LEAST_ROOM = 64 };

static size_t home_of(const struct address_map *map, uint64_t address)
{
    return (size_t)((address * UINT64_C(0x9e3779b97f4a7c15)) >> 20) & (map->room - 1);
}

/* Where the address stands, or the empty place where it would. */
static size_t place_of(const struct address_map *map, uint64_t address)
{
    size_t at = home_of(map, address);
    while (map->entry[at].address != 0 && map->entry[at].address != address)
        at = (at + 1) & (map->room - 1);
    return at;
}

void address_map_release(struct address_map *map)
{
    free(map->entry);
    *map = (struct address_map){0};
}

static int grow(struct address_map *map)
{
    struct address_map larger = {.room = map->room > 0 ? map->room * 2 : LEAST_ROOM,
                                 .count = map->count};
    larger.entry = calloc(larger.room, sizeof *larger.entry);
    if (larger.entry == NULL)
        return -1;
    for (size_t i = 0; i < map->room; i++)
        if (map->entry[i].address != 0)
            larger.entry[place_of(&larger, map->entry[i].address)] = map->entry[i];
    free(map->entry);
    *map = larger;
    return 0;
}

int address_map_put(struct address_map *map, uint64_t address, uint64_t value)
{
    if ((map->count + 1) * 4 > map->room * 3 && grow(map) < 0)
        return -1;
    size_t at = place_of(map, address);
    map->count += map->entry[at].address == 0;
    map->entry[at] = (struct address_map_entry){address, value};
    return 0;
}

bool address_map_find(const struct address_map *map, uint64_t address, uint64_t *value)
{
    if (map->room == 0)
        return false;
    const struct address_map_entry *entry = &map->entry[place_of(map, address)];
    if (entry->address == 0)
        return false;
    if (value != NULL)
        *value = entry->value;
    return true;
}

bool address_map_take(struct address_map *map, uint64_t address, uint64_t *value)
{
    if (!address_map_find(map, address, value))
        return false;
    size_t mask = map->room - 1, hole = place_of(map, address);
    for (size_t at = (hole + 1) & mask; map->entry[at].address != 0; at = (at + 1) & mask) {
        /* An entry moves into the hole unless its home lies behind it, cyclically. */
        size_t home = home_of(map, map->entry[at].address);
        if (((at - home) & mask) < ((at - hole) & mask))
            continue;
        map->entry[hole] = map->entry[at];
        hole = at;
    }
    map->entry[hole] = (struct address_map_entry){0};
    map->count--;
    return true;
}
