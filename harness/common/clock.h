/* The clocks, in nanoseconds; for the harness and the runner. */
#ifndef HEAPMARK_CLOCK_H
#define HEAPMARK_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Since the epoch of that clock (clock_gettime(2)); the clocks used here cannot fail. */
static inline int64_t clock_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

#endif
