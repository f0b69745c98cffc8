/*
 * From the address of a live block to a number: what the script's maker knows a block by.
 * Open addressing, 16 bytes an entry, at most half full.
 */
#ifndef HEAPMARK_LIVE_MAP_H
#define HEAPMARK_LIVE_MAP_H

#include <stddef.h>
#include <stdint.h>

enum { LIVE_MAP_NONE = 0xffffffff };

struct live_map_entry {
    uint64_t address; /* 0: empty */
    uint32_t number;
};

struct live_map {
    struct live_map_entry *entry;
    size_t count;
    unsigned bits; /* log2 of the entries */
};

/* Returns 0, or -1 when memory is short; then nothing is to be released. */
int live_map_init(struct live_map *map);
void live_map_release(struct live_map *map);

/* Returns 0; 1 when the address is there already (nothing changes); -1 when memory is short. */
int live_map_add(struct live_map *map, uint64_t address, uint32_t number);
/* Takes the address out and returns its number; LIVE_MAP_NONE when it is not there. */
uint32_t live_map_take(struct live_map *map, uint64_t address);

#endif
