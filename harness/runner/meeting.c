/* Where all workers meet; see meeting.h. */
#include "meeting.h"

#include "clock.h"

#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    SPIN_NS = 100000, /* twice a wake-up: waiting longer awake than a sleep costs gains nothing */
    PAUSES_A_LOOK = 16,
};

void meeting_init(struct meeting *meeting, unsigned threads)
{
    cpu_set_t allowed;
    *meeting = (struct meeting){.threads = threads};
    if (threads > 1 && sched_getaffinity(0, sizeof allowed, &allowed) == 0 &&
        threads <= (unsigned)CPU_COUNT(&allowed))
        meeting->spin_ns = SPIN_NS;
}

static void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#else
    __asm__ volatile("" ::: "memory");
#endif
}

static bool released(struct meeting *meeting, uint32_t generation)
{
    /* acquire: pairs with the release in meeting_release */
    return atomic_load_explicit(&meeting->generation, memory_order_acquire) != generation;
}

static bool spin(struct meeting *meeting, uint32_t generation)
{
    if (meeting->spin_ns == 0)
        return released(meeting, generation);
    int64_t until = clock_ns(CLOCK_MONOTONIC) + meeting->spin_ns;
    do {
        for (int i = 0; i < PAUSES_A_LOOK; i++) {
            if (released(meeting, generation))
                return true;
            relax();
        }
    } while (clock_ns(CLOCK_MONOTONIC) < until);
    return false;
}

bool meeting_arrive(struct meeting *meeting)
{
    if (meeting->threads == 1)
        return true;
    uint32_t generation = atomic_load_explicit(&meeting->generation, memory_order_relaxed);
    /* acq_rel: the last sees what each earlier one wrote before it arrived */
    uint32_t before = atomic_fetch_add_explicit(&meeting->arrived, 1, memory_order_acq_rel);
    if (before + 1 == meeting->threads)
        return true;
    if (spin(meeting, generation))
        return false;
    /* seq_cst here and in meeting_release: either the releaser sees the sleeper, or the kernel
     * sees the new generation and does not put it to sleep. */
    atomic_fetch_add(&meeting->sleepers, 1);
    while (!released(meeting, generation))
        syscall(SYS_futex, &meeting->generation, FUTEX_WAIT_PRIVATE, generation, NULL, NULL, 0);
    atomic_fetch_sub(&meeting->sleepers, 1);
    return false;
}

void meeting_release(struct meeting *meeting)
{
    if (meeting->threads == 1)
        return;
    atomic_store_explicit(&meeting->arrived, 0, memory_order_relaxed);
    atomic_fetch_add(&meeting->generation, 1);
    if (atomic_load(&meeting->sleepers) > 0)
        syscall(SYS_futex, &meeting->generation, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}
