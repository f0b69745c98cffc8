/*
 * The still clock: a preload library for trials that are counted, not timed.
 *
 * Allocators give memory back when some time has passed (jemalloc's decay, mimalloc's purge), and
 * under callgrind a second holds a fortieth of its work, more or less as the machine is busy: the
 * counts would differ by up to 1 %. Here the time is that of the calls that ask for it: each finds
 * it STEP_NS later than the last. It stands behind the allocator in LD_PRELOAD.
 */
#include <stdatomic.h>
#include <stdint.h>
#include <sys/time.h>
#include <time.h>

#define STEP_NS  UINT64_C(10000)
#define NS_PER_S UINT64_C(1000000000)
#define START_S  UINT64_C(1000000) /* no process is younger than its machine */

static _Atomic uint64_t readings;

static struct timespec tell(void)
{
    uint64_t ns = STEP_NS * atomic_fetch_add_explicit(&readings, 1, memory_order_relaxed);
    return (struct timespec){.tv_sec = (time_t)(START_S + ns / NS_PER_S),
                             .tv_nsec = (long)(ns % NS_PER_S)};
}

__attribute__((visibility("default"))) int clock_gettime(clockid_t clock, struct timespec *now)
{
    (void)clock;
    *now = tell();
    return 0;
}

__attribute__((visibility("default"))) int gettimeofday(struct timeval *restrict now,
                                                        void *restrict zone)
{
    (void)zone;
    struct timespec time = tell();
    *now = (struct timeval){.tv_sec = time.tv_sec, .tv_usec = time.tv_nsec / 1000};
    return 0;
}

__attribute__((visibility("default"))) time_t time(time_t *now)
{
    time_t seconds = tell().tv_sec;
    if (now != NULL)
        *now = seconds;
    return seconds;
}
