/*
 * Where all workers meet: at the beginning and the end of every lap.
 *
 * The last to arrive is told so, does what has to be done while nobody works (reads the clock,
 * notes the lap) and releases the others. Those wait by spinning for a while, then sleep in the
 * kernel: a wake-up costs some 50 us on a virtual machine, which would be charged to the lap.
 * With one worker it costs nothing.
 */
#ifndef HEAPMARK_MEETING_H
#define HEAPMARK_MEETING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct meeting {
    _Atomic uint32_t arrived;
    _Atomic uint32_t generation; /* counts releases; what the sleepers watch */
    _Atomic uint32_t sleepers;
    uint32_t threads;
    int64_t spin_ns; /* 0 where spinning would take the CPU from somebody who works */
};

void meeting_init(struct meeting *meeting, unsigned threads);
/* Returns true at once to the last worker, who must then call meeting_release(); false to all
 * others, after the release. What any worker wrote before is visible to the last; what the last
 * wrote before its release is visible to all. */
bool meeting_arrive(struct meeting *meeting);
void meeting_release(struct meeting *meeting);

#endif
