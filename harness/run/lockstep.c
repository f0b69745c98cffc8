/* Two trials in turns; see lockstep.h. */
#include "lockstep.h"

#include "descriptor.h"

#include <limits.h>
#include <linux/futex.h>
#include <math.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TURN_NS    10e6
#define LEAD_SHARE 0.3

struct lockstep_turns lockstep_turns(double lap_ns, int64_t laps)
{
    double timed = lap_ns > 0 ? fmax(1, round(TURN_NS / lap_ns)) : 1;
    uint32_t most = laps > 1 ? (uint32_t)laps : 1;
    if (most == 1)
        return (struct lockstep_turns){.laps = 1, .lead = 0};
    double lead = ceil(timed * LEAD_SHARE);
    if (timed + lead > most) {
        lead = fmax(1, floor(most * LEAD_SHARE));
        timed = most - lead;
    }
    return (struct lockstep_turns){.laps = (uint32_t)(timed + lead), .lead = (uint32_t)lead};
}

struct lockstep_turns lockstep_turns_of(const struct run *run, unsigned workload)
{
    double cpu_ns = 0, laps = 0;
    int64_t most = 0;
    for (size_t i = 0; i < run->trial_count; i++) {
        const struct trial_record *trial = &run->trials[i];
        if (trial->key.workload != workload || trial->key.block != 0 ||
            trial->key.pass != PASS_TIMED || trial->status != STATUS_OK)
            continue;
        cpu_ns += (double)trial->cpu_ns;
        laps += (double)trial->laps * fmax(1, (double)trial->threads);
        most = trial->laps;
    }
    return lockstep_turns(laps > 0 ? cpu_ns / laps : 0, most);
}

struct turn_page *lockstep_open(int *descriptor)
{
    *descriptor = descriptor_lift(memfd_create("heapmark-turns", MFD_CLOEXEC));
    void *page = MAP_FAILED;
    if (*descriptor >= 0 && ftruncate(*descriptor, sizeof(struct turn_page)) == 0)
        page = mmap(NULL, sizeof(struct turn_page), PROT_READ | PROT_WRITE, MAP_SHARED, *descriptor,
                    0);
    if (page != MAP_FAILED)
        return page;
    descriptor_close(descriptor);
    return NULL;
}

void lockstep_free(struct turn_page *turns)
{
    /* release: pairs with the acquire of the runners' waiting, as their own giving does */
    atomic_store_explicit(&turns->turn, TURN_FREE, memory_order_release);
    syscall(SYS_futex, &turns->turn, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

void lockstep_close(struct turn_page *turns, int descriptor)
{
    munmap(turns, sizeof *turns);
    descriptor_close(&descriptor);
}
