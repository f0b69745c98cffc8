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

/* What the `count` of a small span counts depends on it, so that free() has one test: it
 * decrements, and at 0 there is something to do. */
enum span_state {
    SPAN_CURRENT, /* malloc takes from it; count is blocks in use + 1, so never 0 */
    SPAN_PARTIAL, /* waits to be current; count is blocks in use */
    SPAN_FULL,    /* count is how many frees make it partial again */
};

/* Beside the size classes: a span with one block, and what is no span. */
enum { SPAN_LARGE = 254, SPAN_NONE = 255 };

struct heap_of_thread;

struct span {
    void *free;                   /* a list through the first word of each free block */
    _Atomic uintptr_t owner;      /* thread_identity() of who may use `free` and `count`; 0: nobody.
                                     Others only compare it with their own, which it cannot become */
    struct heap_of_thread *heap;  /* never changes while blocks are out */
    struct span *next, *previous; /* in a list of its heap */
    char *start;
    union {
        uint32_t large_bytes; /* of a large block: what may be used, at most the slices' */
        uint32_t reciprocal;  /* of a small block's size; see span_begins_block */
    };
    uint32_t count;
    uint16_t capacity;       /* blocks in all */
    _Atomic uint16_t carved; /* of these, ever on the list; only its owner writes */
    uint8_t size_class;      /* or one of the two above; stays while blocks are out */
    uint8_t slices, first_slice, state;
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

/* Whether a block may begin so far into a small span: offset x reciprocal wraps round to less than
 * the reciprocal, ceil(2^32 / size), when the size divides the offset (Lemire, Kaser and Kurz,
 * 2019). With offsets of 18 bits that is exact for all classes but four above 16 KiB, where the
 * last blocks of a span do not pass: 'no' means that the slow path looks, by division. */
static inline bool span_begins_block(const struct span *span, const void *address)
{
    uint32_t offset = (uint32_t)((uintptr_t)address - (uintptr_t)span->start);
    return offset * span->reciprocal < span->reciprocal;
}

static inline unsigned span_carved(const struct span *span)
{
    return atomic_load_explicit(&span->carved, memory_order_relaxed);
}

static inline struct chunk *chunk_around(const void *address)
{
    return (struct chunk *)((uintptr_t)address & ~(CHUNK_BYTES - 1));
}

static inline unsigned slice_of(const void *address)
{
    return (unsigned)((uintptr_t)address >> SLICE_SHIFT) % CHUNK_SLICES;
}

#endif
