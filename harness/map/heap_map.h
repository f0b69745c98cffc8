/*
 * The map of a heap at one moment: which pages are resident, and how many bytes of each belong to
 * live blocks.
 *
 * It joins what the replayer knows (every live block) with what the kernel knows (every resident
 * page). The heap is what is mapped privately without a file, [heap] included, and whatever else a
 * live block lies in; stacks, libraries' data and the runner's own shared tables are not. What an
 * allocator keeps for itself shows as pages without a live byte, as it cannot be told apart.
 */
#ifndef HEAPMARK_HEAP_MAP_H
#define HEAPMARK_HEAP_MAP_H

#include "block_list.h"
#include "pagemap.h"

/* X(name, unit, what it says) */
#define HEAP_MAP_NUMBERS(X)                                                                   \
    X(operations, "calls", "calls of the malloc family so far")                               \
    X(live_blocks, "blocks", "blocks not yet freed")                                          \
    X(live_bytes, "bytes", "asked for and not yet freed")                                     \
    X(live_resident_bytes, "bytes", "of these, the ones on resident pages")                   \
    X(mapped_bytes, "bytes", "address space of the heap that may be accessed")                \
    X(resident_bytes, "bytes", "pages of the heap in memory")                                 \
    X(huge_bytes, "bytes", "of these, the ones in transparent huge pages")                    \
    X(lazy_bytes, "bytes",                                                                    \
      "of these, the ones given up (MADV_FREE) that the kernel has not taken")                \
    X(swapped_bytes, "bytes", "pages of the heap in swap")                                    \
    X(empty_bytes, "bytes", "resident pages that no live block touches")                      \
    X(empty_runs, "runs", "runs of such pages")                                               \
    X(largest_empty_bytes, "bytes", "the longest such run")                                   \
    X(holes, "runs", "runs of mapped pages, neither resident nor touched by a live block")    \
    X(hole_bytes, "bytes", "all of them")                                                     \
    X(untouched_bytes, "bytes", "pages of live blocks that are not in memory: never written") \
    X(free_blocks, "blocks", "free blocks of the allocator's heap walk; none without one")    \
    X(free_bytes, "bytes", "their sum")                                                       \
    X(largest_free_bytes, "bytes", "the largest of them")

enum { OCCUPANCY_CLASSES = 10 };

struct heap_map_numbers {
#define X(name, unit, help) int64_t name;
    HEAP_MAP_NUMBERS(X)
#undef X
    /* Resident pages that a live block touches, by their share of live bytes: [0] up to 10 %
     * (also those with blocks of no bytes only), [9] over 90 %. With empty_bytes they make up
     * resident_bytes. */
    int64_t occupied_pages[OCCUPANCY_CLASSES];
};

/* A page that is resident, in swap, or touched by a live block. */
struct map_page {
    uint64_t page;       /* address / page_bytes */
    uint32_t live_bytes; /* at most page_bytes */
    uint8_t resident, swapped, occupied;
};

struct free_block {
    uint64_t address, bytes;
};

struct heap_map {
    uint64_t page_bytes;
    struct mapping *mapping; /* of the heap, by address */
    size_t mapping_count;
    struct map_page *page; /* by address */
    size_t page_count;
    struct free_block *hole; /* of the heap walk, by address */
    size_t hole_count;
    bool walked; /* the allocator has a heap walk */
    /* Live blocks that share bytes with one before them, which no right allocator hands out: how
     * many, and the first of them with the other. Where there are any, the figures mean little. */
    uint64_t overlaps, overlap_address, overlapped_address;
    struct heap_map_numbers numbers;
};

/* What is joined: all by address. Live blocks do not overlap; some may have no bytes. */
struct heap_map_parts {
    uint64_t page_bytes;
    const struct mapping *mapping; /* of the heap */
    size_t mapping_count;
    const struct page_run *run;
    size_t run_count;
    const struct block_list_entry *live;
    size_t live_count;
};

/* Fills the pages and their numbers. Returns 0, or -1 when memory is short. */
int heap_map_join(struct heap_map *map, const struct heap_map_parts *parts);

/* Reads process `pid`, which stands still, and joins it with its blocks; `list` may be in any
 * order. Returns 0, or -1 with a message. To be released in either case. */
int heap_map_read(struct heap_map *map, pid_t pid, const struct block_list *list, char *message);
void heap_map_release(struct heap_map *map);

/* live on resident pages / resident; resident / live. NAN where there is nothing to divide by. */
double heap_map_share(const struct heap_map_numbers *numbers);
double heap_map_overhead(const struct heap_map_numbers *numbers);

#endif
