/*
 * From addresses to numbers, growing as needed: 16 bytes an entry, at most three quarters full.
 */
#ifndef HEAPMARK_ADDRESS_MAP_H
#define HEAPMARK_ADDRESS_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct address_map_entry {
    uint64_t address; /* 0: empty */
    uint64_t value;
};

struct address_map {
    struct address_map_entry *entry;
    size_t room, count; /* room: 0 or a power of two */
};

void address_map_release(struct address_map *map);
/* Adds or replaces; `address` is not 0. Returns 0, or -1 when memory is short. */
int address_map_put(struct address_map *map, uint64_t address, uint64_t value);
/* Whether it is there; the value into *value unless that is NULL. */
bool address_map_find(const struct address_map *map, uint64_t address, uint64_t *value);
/* The same, and takes it out. */
bool address_map_take(struct address_map *map, uint64_t address, uint64_t *value);

#endif
