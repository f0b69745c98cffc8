/*
 * The blocks of a heap at one moment, as the runner tells them to the harness.
 *
 * The runner writes a list into the memfd on TRIAL_BLOCKS_FD (growing it as needed) before it
 * stands at a map stop; the harness maps it and reads while the runner stands still.
 */
#ifndef HEAPMARK_BLOCK_LIST_H
#define HEAPMARK_BLOCK_LIST_H

#include <stdint.h>

enum block_list_kind {
    BLOCK_LIVE, /* a block of the workload: address and bytes asked for */
    BLOCK_FREE, /* a free block of the allocator's own heap walk, where it has one */
};

struct block_list_entry {
    uint64_t address;
    uint64_t bytes : 60;
    uint64_t kind : 4; /* enum block_list_kind */
};

struct block_list {
    uint64_t count;
    uint64_t live_bytes; /* sum over BLOCK_LIVE */
    uint64_t operations; /* calls of the malloc family so far */
    uint32_t lap;        /* the lap that has just ended; 0: before the first */
    uint32_t walked;     /* the allocator has a heap walk: BLOCK_FREE entries are all there are */
    struct block_list_entry entry[];
};

#endif
