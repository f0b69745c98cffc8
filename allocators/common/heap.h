/*
 * What a core implements to become a whole malloc: entry.c makes the malloc family of it, and
 * fork.c makes it safe across fork().
 *
 * entry.c has done all checks before it calls: `bytes` (plus `alignment`, where there is one) is
 * at most PTRDIFF_MAX, nothing overflows, alignments are powers of two above HEAP_ALIGNMENT and
 * pointers are not NULL. A core returns NULL when memory runs out and never touches errno; it
 * calls no libc function that may allocate. Damage it notices ends in os_abort().
 */
#ifndef HEAPMARK_HEAP_H
#define HEAPMARK_HEAP_H

#include <stdbool.h>
#include <stddef.h>

struct lock;

/* Every block is aligned to this without being asked; ABI of malloc on 64-bit Linux. */
#define HEAP_ALIGNMENT ((size_t)16)

static inline size_t heap_round_up(size_t bytes, size_t power_of_two)
{
    return (bytes + power_of_two - 1) & ~(power_of_two - 1);
}

static inline size_t heap_least(size_t one, size_t other)
{
    return one < other ? one : other;
}

static inline size_t heap_most(size_t one, size_t other)
{
    return one > other ? one : other;
}

/* A block of at least `bytes`, 0 included; all blocks alive differ in address. */
void *heap_allocate(size_t bytes);

/* The same, and the first `bytes` read as zero. */
void *heap_allocate_zeroed(size_t bytes);

/* The same as heap_allocate at a multiple of `alignment`. */
void *heap_allocate_aligned(size_t bytes, size_t alignment);

/* Takes a block back. */
void heap_release(void *payload);

/* Makes the block `bytes` (above 0) long, contents kept up to the smaller size, and returns where
 * it is now. On NULL the old block is as it was. Alignments above HEAP_ALIGNMENT may be lost. */
void *heap_resize(void *payload, size_t bytes);

/* How much of the block may be used: at least what was asked for, and stable until resized. */
size_t heap_usable_bytes(const void *payload);

/* Gives free memory back to the system, all but `keep_bytes` at the top. True if any was. */
bool heap_trim(size_t keep_bytes);

/* Whole blocks are counted, headers included. */
struct heap_statistics {
    size_t system_bytes;  /* taken from the break */
    size_t free_bytes;    /* of these, in free blocks */
    size_t free_blocks;   /* how many those are */
    size_t top_bytes;     /* free at the top, what heap_trim(0) could give back */
    size_t mapped_bytes;  /* in mappings of their own, beside system_bytes */
    size_t mapped_blocks; /* how many those are */
};
struct heap_statistics heap_statistics(void);

/* What a core has to say beside these, in the XML of malloc_info or the lines of malloc_stats. A
 * core without one needs no such function. */
struct report;
void heap_describe(struct report *report, bool xml);

/* All locks, in the order in which they are taken, and NULL: fork.c holds them across a fork. */
extern struct lock *const heap_locks[];
/* In the child, which has one thread, and where the locks are new: mends what else there is. */
void heap_after_fork(void);

#endif
