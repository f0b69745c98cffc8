/*
 * The ring's clock (ring_ticks()) against CLOCK_MONOTONIC.
 *
 * A clock is set once; the longer ago, the better its rate is known. A moment converts ticks
 * shortly before it, so that what error the rate has left weighs little.
 */
#ifndef HEAPMARK_TICK_CLOCK_H
#define HEAPMARK_TICK_CLOCK_H

#include "merge.h"

#include <stdint.h>

struct tick_clock {
    uint64_t ticks, ns; /* when it was set */
};

void tick_clock_set(struct tick_clock *clock);
/* Now, in ns since `epoch_ns` of CLOCK_MONOTONIC. */
struct merge_moment tick_clock_moment(const struct tick_clock *clock, uint64_t epoch_ns);
/* What the ticks come from: "tsc", ... */
const char *tick_clock_name(void);

#endif
