/*
 * A set of blocks of one worker from which any may be taken at random: what lives in workloads
 * whose blocks die in no order.
 */
#ifndef HEAPMARK_CROWD_H
#define HEAPMARK_CROWD_H

#include "piece.h"

struct crowd {
    struct piece *pieces; /* `capacity` of them, the first `count` alive */
    uint32_t count, capacity;
    uint64_t bytes; /* of all of them */
};

/* Does nothing when the crowd is full: who sets the capacity sees to it that it is not. */
static inline void crowd_add(struct crowd *crowd, struct worker *worker, uint32_t bytes,
                             enum touch touch)
{
    if (crowd->count == crowd->capacity)
        return;
    crowd->pieces[crowd->count++] = piece_take(worker, bytes, touch);
    crowd->bytes += bytes;
}

/* The last takes the place of the one that goes. */
static inline void crowd_drop(struct crowd *crowd, struct worker *worker, uint32_t place,
                              enum touch touch)
{
    struct piece *piece = &crowd->pieces[place];
    crowd->bytes -= piece->bytes;
    piece_give(worker, piece, touch);
    *piece = crowd->pieces[--crowd->count];
}

static inline void crowd_drop_any(struct crowd *crowd, struct worker *worker, enum touch touch)
{
    crowd_drop(crowd, worker, random_below(&worker->random, crowd->count), touch);
}

static inline void crowd_clear(struct crowd *crowd, struct worker *worker, enum touch touch)
{
    while (crowd->count > 0)
        crowd_drop(crowd, worker, crowd->count - 1, touch);
}

/* What a lap may do, in units of about one malloc and free of a small block: writing 512 bytes
 * takes about as long. Laps whose blocks differ in size cost about the same by it. */
static inline uint64_t crowd_cost(uint32_t bytes)
{
    return 512 + bytes; /* of 512 */
}

#endif
