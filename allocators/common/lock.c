/* The slow halves of lock.h: sleeping, waking, forking. Leaves errno alone throughout. */
#include "lock.h"

#include <errno.h>
#include <linux/futex.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os.h"

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

static void futex_wait(struct lock *lock, uint32_t seen)
{
    int saved_errno = errno;
    syscall(SYS_futex, &lock->word, FUTEX_WAIT_PRIVATE, seen, NULL, NULL, 0);
    errno = saved_errno;
}

void lock_wake_one(struct lock *lock)
{
    int saved_errno = errno;
    syscall(SYS_futex, &lock->word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    errno = saved_errno;
}

void lock_acquire_slowly(struct lock *lock, uint32_t self)
{
    uint32_t mine = self;

    if (holds(lock, self)) {
        if (!lock->forking)
            os_abort("malloc or free called while this thread is inside malloc "
                     "(from a signal handler or a heap visitor)");
        lock->depth++;
        return;
    }
    for (;;) {
        uint32_t seen = 0;
        if (atomic_compare_exchange_strong_explicit(&lock->word, &seen, mine, memory_order_acquire,
                                                    memory_order_relaxed))
            return;
        if (!(seen & LOCK_WAITERS) &&
            !atomic_compare_exchange_strong_explicit(&lock->word, &seen, seen | LOCK_WAITERS,
                                                     memory_order_relaxed, memory_order_relaxed))
            continue;
        futex_wait(lock, seen | LOCK_WAITERS);
        /* Others may still sleep, and one wake-up was spent on us. */
        mine = self | LOCK_WAITERS;
    }
}

void lock_fork_prepare(struct lock *lock)
{
    uint32_t self = lock_thread_id != 0 ? lock_thread_id : lock_learn_thread_id();

    if (holds(lock, self)) {
        lock->depth++;
        return;
    }
    lock_acquire(lock);
    lock->forking = true;
}

static bool fork_was_nested(struct lock *lock)
{
    if (lock->depth == 0)
        return false;
    lock->depth--;
    return true;
}

void lock_fork_parent(struct lock *lock)
{
    if (fork_was_nested(lock))
        return;
    lock->forking = false;
    lock_release(lock);
}

void lock_fork_child(struct lock *lock)
{
    /* The sleepers stayed behind in the parent, and so did our old thread id. */
    uint32_t self = lock_learn_thread_id();

    if (fork_was_nested(lock)) {
        atomic_store_explicit(&lock->word, self, memory_order_relaxed);
        return;
    }
    lock->forking = false;
    atomic_store_explicit(&lock->word, 0, memory_order_relaxed);
}
