/*
 * Where blocks live: slices, spans and chunks, and the way from a pointer to its span.
 *
 * The heap is made of chunks, 2 MiB long and as aligned, each cut into 128 slices of 16 KiB. Slice
 * 0 is the chunk's header: a span for each slice that begins one, and a map from each slice to the
 * span it belongs to. A span is a run of slices with blocks of one size (small), or with one block
 * (large). Spans lie beside each other and not at the head of their memory: headers a power of two
 * apart would all fall into one set of the first cache.
 *
 * Invariant: map[i] is never NULL. What is no span's maps to span_none, which nobody owns.
 */
#ifndef BRKMAP_SPAN_H
#define BRKMAP_SPAN_H

#include "size_class.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CHUNK_SHIFT  21
#define CHUNK_BYTES  ((size_t)1 << CHUNK_SHIFT)
#define CHUNK_SLICES (1u << (CHUNK_SHIFT - SLICE_SHIFT))

/* What the `count` of a small span counts depends on it, so that free() has one test: it
 * decrements, and at 0 there is something to do. */
enum span_state {
    SPAN_CURRENT, /* malloc takes from it; count is blocks in use */
    SPAN_HELD,    /* as current, but count is one more, so never 0: it may stay when it is empty */
    SPAN_PARTIAL, /* waits to be current; count is blocks in use */
    SPAN_FULL,    /* count is how many frees make it partial again */
};

/* Beside the size classes: a span with one block, and what is no span. */
enum { SPAN_LARGE = 254, SPAN_NONE = 255 };

struct heap_of_thread;

struct span {
    void *free;                          /* a list through the first word of each free block */
    struct heap_of_thread *_Atomic heap; /* whose thread alone uses `free` and `count`; NULL:
                                            none's. While blocks are out it only changes in the
                                            hands of who has that heap, when it has no thread */
    struct span *next, *previous;        /* in a list of its heap */
    char *start;
    union {
        uint32_t large_bytes; /* of a large block: what may be used, at most the slices' */
        uint64_t reciprocal;  /* of a small block's size; see span_has_block */
    };
    uint64_t limit;     /* of the same, for as many blocks as were ever on the list */
    uint32_t count;     /* see above */
    uint8_t size_class; /* or one of the two above; stays while blocks are out */
    uint8_t slices, first_slice, state;
};
_Static_assert(sizeof(struct span) == 64,
               "one cache line a span, so that no two threads share one");

/* A bit a slice; slice 0 is the lowest bit. */
typedef unsigned __int128 slice_bits;

struct chunk {
    size_t map_mask; /* of the first chunk: with the map a table for free(); see span_table.c */
    struct span *_Atomic map[CHUNK_SLICES]; /* written with the region's lock */
    /* Guarded by the region's lock: */
    _Alignas(64) slice_bits free,
        dirty;          /* dirty: was given back and may be resident; stays in use */
    slice_bits leaving; /* of the free: somebody purges it, without the lock, and nobody may
                           take it. What leaves when a process forks is lost to the child */
    unsigned index;     /* in the order of their making */
    unsigned slices;    /* that are there, the header included */
    struct chunk *next, *previous; /* in the same order */
    _Alignas(64) struct span spans[CHUNK_SLICES];
};
_Static_assert(sizeof(struct chunk) <= SLICE_BYTES, "a chunk's header is its first slice");

extern struct span span_none __attribute__((visibility("hidden")));

/* The chunks that follow one another from the first on, where the fast path may look without
 * asking. Read without the lock: `low` is set before the first block exists, `bytes` only grows. */
struct span_range {
    uintptr_t low;
    _Atomic size_t bytes;
};
extern struct span_range span_range __attribute__((visibility("hidden")));

/* One multiplication tells whether a block begins at an address. `reciprocal` is 2^64 / size
 * rounded up, and the product of both exceeds 2^64 by `excess`, between 1 and the size. offset x
 * reciprocal wraps round to number x excess at the beginning of each block, and to 2^49 or more
 * elsewhere; so it is below limit = carved x excess at the beginnings of carved blocks and nowhere
 * else. That holds for the distance of any two user addresses, below 2^47, since an excess is at
 * most 2^15. */
static inline uint64_t span_reciprocal(uint32_t block_bytes)
{
    uint64_t rounded_up = UINT64_MAX / block_bytes + 1;
    return rounded_up * block_bytes != 0 ? rounded_up : rounded_up + 1;
}

/* The thread of the span's heap asks; it alone changes what is read here. */
static inline bool span_has_block(const struct span *span, const void *address)
{
    return ((uintptr_t)address - (uintptr_t)span->start) * span->reciprocal < span->limit;
}

static inline struct heap_of_thread *span_heap(const struct span *span)
{
    return atomic_load_explicit(&span->heap, memory_order_relaxed);
}

static inline void span_set_heap(struct span *span, struct heap_of_thread *heap)
{
    atomic_store_explicit(&span->heap, heap, memory_order_relaxed);
}

/* How many blocks were ever on the list. Any thread may ask, also while the span is made. */
__attribute__((no_sanitize("thread"))) static inline unsigned span_carved(const struct span *span)
{
    unsigned size_class = __atomic_load_n(&span->size_class, __ATOMIC_RELAXED);
    if (size_class >= SIZE_CLASSES)
        return 0;
    uint64_t excess = span_reciprocal(size_class_bytes(size_class)) * size_class_bytes(size_class);
    return (unsigned)(__atomic_load_n(&span->limit, __ATOMIC_RELAXED) / excess);
}

/* Any thread asks. */
static inline bool span_has_block_for_all(const struct span *span, const void *address)
{
    uint64_t limit = __atomic_load_n(&span->limit, __ATOMIC_RELAXED);
    return ((uintptr_t)address - (uintptr_t)span->start) * span->reciprocal < limit;
}

static inline struct chunk *chunk_around(const void *address)
{
    return (struct chunk *)((uintptr_t)address & ~(CHUNK_BYTES - 1));
}

static inline unsigned slice_of(const void *address)
{
    return (unsigned)((uintptr_t)address >> SLICE_SHIFT) % CHUNK_SLICES;
}

/* Of an address in a chunk. */
/* Whose a slice is, or span_none. Relaxed: who has a block there got it after this was written. */
static inline struct span *chunk_span(const struct chunk *chunk, unsigned slice)
{
    return atomic_load_explicit(&chunk->map[slice], memory_order_relaxed);
}

static inline void chunk_set_span(struct chunk *chunk, unsigned slice, struct span *span)
{
    atomic_store_explicit(&chunk->map[slice], span, memory_order_relaxed);
}

static inline struct span *span_around(const void *address)
{
    return chunk_span(chunk_around(address), slice_of(address));
}

#endif
