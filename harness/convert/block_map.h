/*
 * A hash of 64-bit keys (addresses, ids) to small values, by open addressing.
 */
#ifndef HEAPMARK_BLOCK_MAP_H
#define HEAPMARK_BLOCK_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct block {
    uint64_t key;
    uint64_t address; /* what names it in the trace (import), or in the output (export) */
    uint64_t size;
    uint64_t number; /* export: in the order of birth, kept by realloc; also any other value */
    uint32_t slot;   /* export: smallest number that was free; kept by realloc */
    uint32_t owner;  /* export: the thread that touched it last */
    bool used, dead; /* dead: freed, but remembered */
};

struct block_map {
    struct block *entry;
    size_t capacity, count; /* a power of two, or 0 */
};

enum { BLOCK_MAP_MAXIMUM = 1 << 25 }; /* entries; the table then takes 3 GiB */

void block_map_release(struct block_map *map);
/* The entry, or NULL. Valid until the next insertion or removal. */
struct block *block_map_find(const struct block_map *map, uint64_t key);
/* A zeroed entry of that key, which must not be there yet; NULL with ENOMEM, also behind
 * BLOCK_MAP_MAXIMUM. */
struct block *block_map_insert(struct block_map *map, uint64_t key);
void block_map_remove(struct block_map *map, struct block *block);

#endif
