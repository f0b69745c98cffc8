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

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SLICE_SHIFT  14
#define SLICE_BYTES  ((size_t)1 << SLICE_SHIFT)
#define CHUNK_SHIFT  21
#define CHUNK_BYTES  ((size_t)1 << CHUNK_SHIFT)
#define CHUNK_SLICES (1u << (CHUNK_SHIFT - SLICE_SHIFT))

/* What `count` counts depends on it, so that free() has one test: it decrements, and at 0 there is
 * something to do. */
enum span_state {
    SPAN_NONE,    /* no span */
    SPAN_CURRENT, /* small, malloc takes from it; count is blocks in use + 1, so never 0 */
    SPAN_PARTIAL, /* small, waits to be current; count is blocks in use */
    SPAN_FULL,    /* small; count is how many frees make it partial again */
    SPAN_LARGE,   /* one block; no count */
};

struct heap_of_thread;

struct span {
    void *free;                   /* a list through the first word of each free block */
    _Atomic uintptr_t owner;      /* thread_identity() of who may use `free` and `count`; 0: nobody.
                                     Others only compare it with their own, which it cannot become */
    struct heap_of_thread *heap;  /* never changes while blocks are out */
    struct span *next, *previous; /* in a list of its heap */
    char *start;
    uint32_t block_bytes; /* of a large block: what may be used, at most the slices' */
    uint32_t count;
    uint16_t capacity, carved; /* blocks in all; of these, ever on the list */
    uint8_t slices, state, size_class, first_slice;
};
_Static_assert(sizeof(struct span) == 64,
               "one cache line a span, so that no two threads share one");

struct chunk {
    struct span *map[CHUNK_SLICES];
    /* Guarded by the region's lock, a bit a slice. */
    uint64_t free[2], dirty[2]; /* dirty: has been handed out and may be resident */
    unsigned index;             /* in the region's order */
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

/* Whoever owns a span is named by its thread pointer: one load from a register's base. It may be
 * used again by a later thread, so it is taken off all spans before its thread ends. */
static inline uintptr_t thread_identity(void)
{
    return (uintptr_t)__builtin_thread_pointer();
}

static inline struct chunk *chunk_around(const void *address)
{
    return (struct chunk *)((uintptr_t)address & ~(CHUNK_BYTES - 1));
}

static inline unsigned slice_of(const void *address)
{
    return (unsigned)((uintptr_t)address >> SLICE_SHIFT) % CHUNK_SLICES;
}

/* The link, and the mark of a free block in its second word: the sum of two addresses that no
 * program's data is, but by reading it here after free. malloc clears it. */
struct free_block {
    struct free_block *next;
    uintptr_t mark;
};

static inline uintptr_t free_mark(const struct span *span, const void *block)
{
    return (uintptr_t)span + (uintptr_t)block;
}

#endif
