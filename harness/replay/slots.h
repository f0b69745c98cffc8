/*
 * Which slots are free, and for whom; the rules are in replay_script.h.
 */
#ifndef HEAPMARK_SLOTS_H
#define HEAPMARK_SLOTS_H

#include <stddef.h>
#include <stdint.h>

enum { SLOT_NONE = 0xffffffff, SLOT_OWNER_PASSING = 0xffff };

struct slot_list {
    uint32_t *slot;
    size_t count, capacity, first; /* `first` is not 0 only where it is a queue */
};

struct slots {
    struct slot_list *own;    /* of each worker, last in first out */
    struct slot_list passing; /* for blocks that pass: first in first out, so that neighbours in
                                 time are neighbours in memory */
    struct slot_list late, late_owner; /* given back by others; free when the lap has ended */
    uint32_t workers, count;
};

/* Return 0, or -1 when memory is short. */
int slots_init(struct slots *slots, uint32_t workers);
void slots_release(struct slots *slots);
/* SLOT_NONE when memory is short, or no more can be numbered. */
uint32_t slots_take(struct slots *slots, uint16_t owner);
/* `worker` gives back a slot of `owner`. */
int slots_give(struct slots *slots, uint32_t slot, uint16_t owner, uint16_t worker);
int slots_end_lap(struct slots *slots);

#endif
