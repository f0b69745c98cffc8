/*
 * From the address of a live block to a number: what the script's maker knows a block by.
 * Open addressing, 16 bytes an entry, at most half full.
 */
#ifndef HEAPMARK_BLOCK_MAP_H
#define HEAPMARK_BLOCK_MAP_H

#include <stddef.h>
#include <stdint.h>

enum { BLOCK_MAP_NONE = 0xffffffff };

struct block_map_entry {
    uint64_t address; /* 0: empty */
    uint32_t number;
};

struct block_map {
    struct block_map_entry *entry;
    size_t count;
    unsigned bits; /* log2 of the entries */
};

/* Returns 0, or -1 when memory is short; then nothing is to be released. */
int block_map_init(struct block_map *map);
void block_map_release(struct block_map *map);

/* Returns 0; 1 when the address is there already (nothing changes); -1 when memory is short. */
int block_map_add(struct block_map *map, uint64_t address, uint32_t number);
/* Takes the address out and returns its number; BLOCK_MAP_NONE when it is not there. */
uint32_t block_map_take(struct block_map *map, uint64_t address);

#endif
