/*
 * brkmap's counters, for programs that run with libbrkmap.so preloaded.
 *
 * Nothing is counted while the program runs: a call here reads the whole heap, about 1 us a MiB,
 * with the locks held that spans and huge blocks are taken under. It allocates nothing. Threads
 * go on allocating meanwhile, so that figures of theirs may be some blocks off, and sums with
 * them; exact are those of the calling thread, of threads that stand and of those that have ended.
 *
 * The functions are weak symbols, NULL under any other allocator:
 *
 *     if (brkmap_read_totals) {
 *         struct brkmap_totals totals = brkmap_read_totals();
 *
 * Or find them by dlsym. All fields are 64 bits wide, and no struct ever changes: more would come
 * from a function of another name.
 */
#ifndef BRKMAP_H
#define BRKMAP_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes of blocks are those of the whole block, as malloc_usable_size() says. */
struct brkmap_totals {
    uint64_t live_bytes, live_blocks;   /* handed out and not yet freed */
    uint64_t large_bytes, large_blocks; /* of these, above 16 KiB */
    uint64_t huge_bytes, huge_blocks;   /* of these, mapped by themselves */
    uint64_t cached_bytes; /* free and kept: free blocks, resident free slices, the pool */
    uint64_t waiting_bytes, waiting_blocks; /* of these, freed by one thread for another that has
                                               not yet looked */
    uint64_t pool_bytes;                    /* of these, huge mappings that wait to be used again */
    uint64_t resident_bytes;                /* of the heap, in memory, as mincore(2) says */
    uint64_t system_bytes;                  /* taken from the break and mapped, in memory or not */
    uint64_t table_bytes; /* of these, headers of chunks and what threads' heaps are made of */
    uint64_t purges, purged_bytes; /* since the start: free slices given back (madvise) */
    uint64_t reused_bytes;         /* since the start: resident free slices taken again */
    uint64_t heaps, orphans;       /* heaps of threads; of these, of threads that have ended */
};

/* Blocks of one size. used + free + what was never made of them = what the spans hold. */
struct brkmap_class {
    uint64_t block_bytes;
    uint64_t spans, span_bytes;
    uint64_t used_blocks; /* live, or waiting in some thread's box */
    uint64_t free_blocks; /* ready to be handed out */
};

/* The heap of a thread that lives, or has ended and left it to the next one. */
struct brkmap_heap {
    uint64_t orphan; /* 1: its thread has ended */
    uint64_t mine;   /* 1: it is the calling thread's */
    uint64_t spans, span_bytes;
    uint64_t used_blocks, used_bytes;     /* of its spans: live, or waiting in some thread's box */
    uint64_t cached_bytes;                /* its free blocks */
    uint64_t inbox_blocks, inbox_bytes;   /* freed by others for it */
    uint64_t outbox_blocks, outbox_bytes; /* freed by it for others, and not yet sent */
};

#ifdef BRKMAP_PROVIDER
#define BRKMAP_SYMBOL __attribute__((visibility("default")))
#else
#define BRKMAP_SYMBOL __attribute__((weak))
#endif

struct brkmap_totals brkmap_read_totals(void) BRKMAP_SYMBOL;
/* Fill in at most `room` elements, smallest blocks first and newest heaps first. Return how many
 * there are, which may be more. */
size_t brkmap_read_classes(struct brkmap_class *classes, size_t room) BRKMAP_SYMBOL;
size_t brkmap_read_heaps(struct brkmap_heap *heaps, size_t room) BRKMAP_SYMBOL;

#ifdef __cplusplus
}
#endif

#endif
