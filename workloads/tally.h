/*
 * What a worker counts while it runs, in memory that the harness reads from outside.
 *
 * Every field has one writer, its worker; the harness reads it a thousand times a second.
 * Relaxed atomics suffice: each figure stands alone and none publishes other memory.
 */
#ifndef HEAPMARK_TALLY_H
#define HEAPMARK_TALLY_H

#include <stdatomic.h>
#include <stdint.h>

struct tally {
    _Atomic uint64_t operations; /* calls of the malloc family so far */
    _Atomic int64_t
        live_bytes; /* requested and not freed; below 0 where others' blocks are freed */
    _Atomic int64_t live_peak_bytes; /* largest live_bytes of this worker */
};

static inline void tally_grew(struct tally *tally, int64_t bytes)
{
    int64_t live = atomic_load_explicit(&tally->live_bytes, memory_order_relaxed) + bytes;
    atomic_store_explicit(&tally->live_bytes, live, memory_order_relaxed);
    if (live > atomic_load_explicit(&tally->live_peak_bytes, memory_order_relaxed))
        atomic_store_explicit(&tally->live_peak_bytes, live, memory_order_relaxed);
}

static inline void tally_shrank(struct tally *tally, int64_t bytes)
{
    int64_t live = atomic_load_explicit(&tally->live_bytes, memory_order_relaxed) - bytes;
    atomic_store_explicit(&tally->live_bytes, live, memory_order_relaxed);
}

static inline void tally_operations(struct tally *tally, uint64_t count)
{
    uint64_t operations = atomic_load_explicit(&tally->operations, memory_order_relaxed) + count;
    atomic_store_explicit(&tally->operations, operations, memory_order_relaxed);
}

static inline void tally_operation(struct tally *tally)
{
    tally_operations(tally, 1);
}

#endif
