/* Keys to blocks; see block_map.h. Linear probing, removal by shifting back (Knuth 6.4, R). */
#include "block_map.h"

#include <errno.h>
#include <stdlib.h>

enum { FIRST_CAPACITY = 256 };

void block_map_release(struct block_map *map)
{
    free(map->entry);
    *map = (struct block_map){0};
}

static size_t home(const struct block_map *map, uint64_t key)
{
    /* A finaliser of 64 bits (Stafford, variant 13): keys may be chosen by whoever wrote the
     * file, but only their equality is given away. */
    key = (key ^ (key >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    key = (key ^ (key >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (size_t)(key ^ (key >> 31)) & (map->capacity - 1);
}

struct block *block_map_find(const struct block_map *map, uint64_t key)
{
    if (map->capacity == 0)
        return NULL;
    for (size_t at = home(map, key); map->entry[at].used; at = (at + 1) & (map->capacity - 1))
        if (map->entry[at].key == key)
            return &map->entry[at];
    return NULL;
}

static struct block *place(struct block_map *map, uint64_t key)
{
    size_t at = home(map, key);
    while (map->entry[at].used)
        at = (at + 1) & (map->capacity - 1);
    return &map->entry[at];
}

static int grow(struct block_map *map)
{
    struct block_map larger = {0};
    larger.capacity = map->capacity == 0 ? FIRST_CAPACITY : 2 * map->capacity;
    larger.entry = calloc(larger.capacity, sizeof *larger.entry);
    if (larger.entry == NULL)
        return -1;
    for (size_t i = 0; i < map->capacity; i++)
        if (map->entry[i].used)
            *place(&larger, map->entry[i].key) = map->entry[i];
    larger.count = map->count;
    free(map->entry);
    *map = larger;
    return 0;
}

struct block *block_map_insert(struct block_map *map, uint64_t key)
{
    if (map->count >= BLOCK_MAP_MAXIMUM) {
        errno = ENOMEM;
        return NULL;
    }
    /* Two thirds full at most. */
    if (map->count + map->count / 2 >= map->capacity && grow(map) < 0)
        return NULL;
    struct block *block = place(map, key);
    *block = (struct block){.key = key, .used = true};
    map->count++;
    return block;
}

void block_map_remove(struct block_map *map, struct block *block)
{
    size_t mask = map->capacity - 1, hole = (size_t)(block - map->entry);
    map->entry[hole].used = false;
    map->count--;
    for (size_t at = (hole + 1) & mask; map->entry[at].used; at = (at + 1) & mask) {
        size_t wanted = home(map, map->entry[at].key);
        /* It may move into the hole unless its home lies behind the hole, cyclically. */
        if (((at - wanted) & mask) < ((at - hole) & mask))
            continue;
        map->entry[hole] = map->entry[at];
        map->entry[at].used = false;
        hole = at;
    }
}
