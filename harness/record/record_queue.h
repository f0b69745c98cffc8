/*
 * What one thread of the recorded process has written and nobody has taken yet, in its order.
 *
 * Follows the thread's chunks, gives each back as soon as it has been read, and can copy chunks
 * out of the ring when those who write there need the room. A slot that is claimed and not
 * written hides what stands behind it, until it is written or given up.
 */
#ifndef HEAPMARK_RECORD_QUEUE_H
#define HEAPMARK_RECORD_QUEUE_H

#include "ring_memory.h"

enum { QUEUE_SIZES_MAXIMUM = 8 }; /* RING_SIZE records nested in each other by signal handlers */

/* A record of a call, with what RING_TIME and RING_SIZE said about it. */
struct ring_entry {
    uint64_t head, size, ticks;
    uint32_t number; /* in its stripe */
};

static inline unsigned ring_entry_kind(const struct ring_entry *entry)
{
    return entry->head >> RING_KIND_SHIFT & ((1u << RING_KIND_BITS) - 1);
}

static inline bool ring_entry_failed(const struct ring_entry *entry)
{
    return entry->head >> RING_FAILED_SHIFT & 1;
}

/* The address, or errno of a failed call. */
static inline uint64_t ring_entry_address(const struct ring_entry *entry)
{
    return entry->head & ((UINT64_C(1) << RING_KIND_SHIFT) - 1);
}

/* Whether its place among its thread's records says it all: no other thread was there. */
static inline bool ring_entry_is_alone(const struct ring_entry *entry)
{
    return entry->head >> RING_ALONE_SHIFT & 1;
}

/* Whether the record took a number of the stripe that its address belongs to. */
static inline bool ring_entry_is_ordered(const struct ring_entry *entry)
{
    return !ring_entry_is_alone(entry) && !ring_entry_failed(entry) &&
           ring_entry_address(entry) != 0;
}

struct queue_segment;

struct record_queue {
    struct ring_memory *memory;
    struct queue_segment *first, *last;
    unsigned position; /* in `first` */
    uint32_t thread, tid;
    uint32_t serial; /* that the next chunk must bear */
    uint64_t ticks;
    uint64_t size[QUEUE_SIZES_MAXIMUM];
    unsigned sizes;
    uint64_t unwritten; /* slots given up */
};

/* Takes the thread whose first chunk this is. 0, or -1: memory is short, or the chunk cannot be. */
int record_queue_init(struct record_queue *queue, struct ring_memory *memory, uint32_t chunk);
/* Gives every chunk back, the open one too: the thread is gone. */
void record_queue_release(struct record_queue *queue);

/* Takes in the chunks that the thread has begun since. 0, or -1 as above. */
int record_queue_follow(struct record_queue *queue);
/* Takes out the next record: 1; 0: none yet; -1: damaged. */
int record_queue_next(struct record_queue *queue, struct ring_entry *entry);
/* Whether the next slot is unwritten although slots behind it are. */
bool record_queue_has_gap(const struct record_queue *queue);
/* Passes over the slots of such a gap. */
void record_queue_skip_gap(struct record_queue *queue);

/* Calls `visit` for every record that stands in the queue, in order, until it returns false. */
void record_queue_visit(const struct record_queue *queue,
                        bool (*visit)(void *argument, const struct ring_entry *entry),
                        void *argument);
/* Copies up to `budget` full chunks out of the ring and gives them back; returns how many, or -1
 * when memory is short. */
int record_queue_spill(struct record_queue *queue, uint32_t budget);

#endif
