/* The ring's clock; see tick_clock.h. */
#include "tick_clock.h"

#include "clock.h"
#include "ring.h"

enum { LEAST_NS = 200000 }; /* for a first rate, good to some 10^-3 */

/* Both clocks at one moment: of three tries the one between whose stamps the least time passed. */
static void read_both(uint64_t *ticks, uint64_t *ns)
{
    uint64_t shortest = UINT64_MAX;
    for (int i = 0; i < 3; i++) {
        uint64_t before = ring_ticks();
        uint64_t now_ns = (uint64_t)clock_ns(CLOCK_MONOTONIC);
        uint64_t after = ring_ticks();
        if (after - before >= shortest)
            continue;
        shortest = after - before;
        *ticks = before + shortest / 2;
        *ns = now_ns;
    }
}

void tick_clock_set(struct tick_clock *clock)
{
    read_both(&clock->ticks, &clock->ns);
}

struct merge_moment tick_clock_moment(const struct tick_clock *clock, uint64_t epoch_ns)
{
    struct merge_moment now = {0};
    do
        read_both(&now.ticks, &now.ns);
    while (now.ns - clock->ns < LEAST_NS);
    now.ns_per_tick = now.ticks > clock->ticks
                          ? (double)(now.ns - clock->ns) / (double)(now.ticks - clock->ticks)
                          : 1;
    now.ns -= epoch_ns;
    return now;
}

const char *tick_clock_name(void)
{
#if defined(__x86_64__)
    return "tsc";
#elif defined(__aarch64__)
    return "cntvct_el0";
#else
    return "CLOCK_MONOTONIC";
#endif
}
