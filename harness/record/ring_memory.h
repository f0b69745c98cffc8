/*
 * The collector's end of a ring (ring.h): makes it, gives chunks back, watches over what the
 * process may have overwritten.
 *
 * The ring is shared with a program that may be broken: nothing that bounds a loop or an access
 * is read from it twice, and chunk indices are checked against the collector's own notes.
 */
#ifndef HEAPMARK_RING_MEMORY_H
#define HEAPMARK_RING_MEMORY_H

#include "ring.h"

#include <stdbool.h>
#include <stddef.h>

struct ring_memory {
    struct ring *ring;
    size_t bytes;
    size_t chunks_offset; /* our own word, not that of the ring, which may be overwritten */
    uint32_t chunk_count;
    uint32_t fresh;  /* chunks from here on have never been on the free stack */
    uint32_t taken;  /* chunks seen in the hands of threads */
    uint32_t *owner; /* of each chunk: thread number + 1; 0: free, as far as is known */
    uint32_t copies; /* chunks' worth of records copied out of the ring, still to be read */
    uint64_t given;  /* chunks given back since the beginning */
    uint64_t claims; /* chunks seen in the hands of threads since then */
};

/* Makes a ring of about `bytes` (within ring.h's bounds) in a memfd that can neither shrink nor
 * grow, and maps it. `*file`: its descriptor, the caller's to close. 0, or -1 with a message. */
int ring_memory_init(struct ring_memory *memory, uint64_t bytes, int *file, char *message);
void ring_memory_release(struct ring_memory *memory);

/* `chunk` is below chunk_count. */
static inline struct ring_chunk *ring_memory_chunk(const struct ring_memory *memory, uint32_t chunk)
{
    return (struct ring_chunk *)(void *)((unsigned char *)memory->ring + memory->chunks_offset +
                                         (size_t)chunk * RING_CHUNK_BYTES);
}

/* A chunk that turned up in the hands of a thread: NULL when that cannot be, since the index is
 * none, the chunk has another owner, or its head says something else. */
struct ring_chunk *ring_memory_claim(struct ring_memory *memory, uint32_t chunk, uint32_t thread,
                                     uint32_t serial);
/* Zeroes a chunk, pushes it on the free stack and wakes those who wait for one. */
void ring_memory_give_back(struct ring_memory *memory, uint32_t chunk);
/* Sees to it that the free stack holds enough chunks, while there are some that it never held:
 * they go there by and by, so that a short program does not pay for touching them all. */
void ring_memory_stock(struct ring_memory *memory);

/* Ends recording for good and lets go of everybody who waits for room. */
void ring_memory_stop(struct ring_memory *memory);
bool ring_memory_is_stopped(const struct ring_memory *memory);
/* Whether threads wait for a chunk. */
bool ring_memory_is_awaited(const struct ring_memory *memory);
/* Whether there is none that they could have. */
bool ring_memory_is_exhausted(const struct ring_memory *memory);
/* Sleeps until the doorbell rings, but for `ms` at most; `seen` is its value when last looked at.
 */
void ring_memory_doze(struct ring_memory *memory, uint32_t seen, unsigned ms);
/* Rings the doorbell from this side. */
void ring_memory_ring(struct ring_memory *memory);

#endif
