/* The slow halves of lock.h: waiting, waking, forking. Leaves errno alone throughout. */
#include "lock.h"

#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "os.h"

/* How many pauses pass before a waiting thread looks at the lock again: twice as many each time,
 * and after the last it sleeps. Seldom on purpose: a look takes the cache line away from the
 * holder, and two threads that hand over at every block are slower than two that take turns of
 * many. All together some tens of microseconds, which is what falling asleep and being woken can
 * cost in a virtual machine: waiting as long as that at most doubles the price (Karlin and
 * others, SOSP 1991). */
#define PAUSES_FIRST 64
#define PAUSES_LAST  1024

_Thread_local uint32_t lock_thread_id;

static bool holds(const struct lock *lock, uint32_t self)
{
    return (atomic_load_explicit(&lock->word, memory_order_relaxed) & ~LOCK_WAITERS) == self;
}

uint32_t lock_learn_thread_id(void)
{
    lock_thread_id = (uint32_t)syscall(SYS_gettid);
    return lock_thread_id;
}

static void futex_wait(struct lock *lock, uint32_t seen, const struct timespec *limit)
{
    int saved_errno = errno;
    syscall(SYS_futex, &lock->word, FUTEX_WAIT_PRIVATE, seen, limit, NULL, 0);
    errno = saved_errno;
}

/* Whether the holder can run while this thread waits: not when all share one CPU. */
static bool spinning_helps(void)
{
    enum { UNKNOWN, YES, NO };
    static _Atomic int known;
    int helps = atomic_load_explicit(&known, memory_order_relaxed);

    if (helps == UNKNOWN) {
        int saved_errno = errno;
        cpu_set_t cpus;
        /* It fails where there are more CPUs than the set has room for. */
        bool alone = sched_getaffinity(0, sizeof(cpus), &cpus) == 0 && CPU_COUNT(&cpus) == 1;
        errno = saved_errno;
        helps = alone ? NO : YES;
        atomic_store_explicit(&known, helps, memory_order_relaxed);
    }
    return helps == YES;
}

static void pause_briefly(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("isb");
#endif
}

/* Waits for the lock to look free, but not for long. */
static void spin(const struct lock *lock)
{
    if (!spinning_helps())
        return;
    for (int pauses = PAUSES_FIRST; pauses <= PAUSES_LAST; pauses *= 2) {
        for (int i = 0; i < pauses; i++)
            pause_briefly();
        if (atomic_load_explicit(&lock->word, memory_order_relaxed) == 0)
            return;
    }
}

void lock_wake_one(struct lock *lock)
{
    int saved_errno = errno;
    syscall(SYS_futex, &lock->word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    errno = saved_errno;
}

/* For a fork, false when the lock is frozen; nobody wakes who sleeps on it then. */
static bool wait_and_take(struct lock *lock, uint32_t self, bool for_fork)
{
    const struct timespec moment = {.tv_nsec = 1000000};
    uint32_t mine = self;

    for (;;) {
        uint32_t seen = 0;
        spin(lock);
        if (atomic_compare_exchange_strong_explicit(&lock->word, &seen, mine, memory_order_acquire,
                                                    memory_order_relaxed))
            return true;
        if (for_fork && atomic_load_explicit(&lock->frozen, memory_order_relaxed))
            return false;
        if (!(seen & LOCK_WAITERS) &&
            !atomic_compare_exchange_strong_explicit(&lock->word, &seen, seen | LOCK_WAITERS,
                                                     memory_order_relaxed, memory_order_relaxed))
            continue;
        futex_wait(lock, seen | LOCK_WAITERS, for_fork ? &moment : NULL);
        /* Others may still sleep, and one wake-up was spent on us. */
        mine = self | LOCK_WAITERS;
    }
}

void lock_acquire_slowly(struct lock *lock, uint32_t self)
{
    if (!holds(lock, self)) {
        wait_and_take(lock, self, false);
        return;
    }
    if (!lock->forking)
        os_abort("malloc or free called while this thread is inside malloc "
                 "(from a signal handler or a heap visitor)");
    lock->depth++;
}

static uint32_t own_id(void)
{
    return lock_thread_id != 0 ? lock_thread_id : lock_learn_thread_id();
}

bool lock_fork_announce(struct lock *lock)
{
    if (!holds(lock, own_id()))
        return false;
    atomic_store_explicit(&lock->frozen, true, memory_order_relaxed);
    return true;
}

bool lock_fork_prepare(struct lock *lock)
{
    uint32_t self = own_id();

    if (holds(lock, self)) {
        lock->depth++;
        return true;
    }
    if (!wait_and_take(lock, self, true))
        return false;
    lock->forking = true;
    return true;
}

static bool fork_was_nested(struct lock *lock)
{
    if (lock->depth == 0)
        return false;
    lock->depth--;
    if (lock->depth == 0)
        atomic_store_explicit(&lock->frozen, false, memory_order_relaxed);
    return true;
}

void lock_fork_parent(struct lock *lock)
{
    if (!holds(lock, own_id()) || fork_was_nested(lock))
        return;
    lock->forking = false;
    atomic_store_explicit(&lock->frozen, false, memory_order_relaxed);
    lock_release(lock);
}

void lock_fork_child(struct lock *lock)
{
    /* The sleepers stayed behind in the parent, and so did our old thread id. */
    uint32_t self = lock_learn_thread_id();

    /* Or it was never had: what it guards is half way through something, and is not for this
     * process. */
    if (fork_was_nested(lock) || !lock->forking) {
        atomic_store_explicit(&lock->word, self, memory_order_relaxed);
        return;
    }
    lock->forking = false;
    atomic_store_explicit(&lock->word, 0, memory_order_relaxed);
}
