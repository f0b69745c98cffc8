/*
 * Registers the heap's fork handlers as the library is loaded.
 *
 * Order matters: glibc's fork() runs the handlers first and takes the lock of stdio's list of
 * files after. A thread in fflush(NULL) holds that lock and may be in malloc; a heap lock taken
 * before it closes a circle (glibc's tst-malloc-fork-deadlock). So the handler takes the list
 * lock first. It is recursive, and glibc's child makes it new, in programs with threads only:
 * hence the same condition here.
 */
#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <time.h>

#include "heap.h"
#include "lock.h"

/* Exported by glibc since 2.2.5 and in no header; a libc without them has no such list lock. */
extern void _IO_list_lock(void) __attribute__((weak));
extern void _IO_list_unlock(void) __attribute__((weak));
extern void _IO_list_resetlock(void) __attribute__((weak));

/* How many of the prepares under way took the list lock, which guards this; more than
 * one when a signal handler forks during a fork. */
static unsigned stdio_locks_held;

/* All locks, or none. */
static bool take_all(bool lock_stdio, bool interrupted_malloc)
{
    if (lock_stdio)
        _IO_list_lock();
    for (struct lock *const *lock = heap_locks; *lock != NULL; lock++) {
        /* A child of a handler that interrupted malloc has no use of the heap: it passes over a
         * lock that it cannot have, instead of waiting for who waits for it. */
        if (lock_fork_prepare(*lock) || interrupted_malloc)
            continue;
        while (lock != heap_locks)
            lock_fork_parent(*--lock);
        if (lock_stdio)
            _IO_list_unlock();
        return false;
    }
    return true;
}

static void fork_prepare(void)
{
    const struct timespec moment = {.tv_nsec = 100000};
    bool lock_stdio = !__libc_single_threaded && _IO_list_lock && _IO_list_unlock;
    bool interrupted_malloc = false;
    int saved_errno = errno;

    for (struct lock *const *lock = heap_locks; *lock != NULL; lock++)
        interrupted_malloc |= lock_fork_announce(*lock);
    /* Who has frozen one may need the list lock to go on. */
    while (!take_all(lock_stdio, interrupted_malloc))
        nanosleep(&moment, NULL);
    errno = saved_errno;
    stdio_locks_held += lock_stdio;
}

static void fork_parent(void)
{
    bool unlock_stdio = stdio_locks_held > 0;

    stdio_locks_held -= unlock_stdio;
    for (struct lock *const *lock = heap_locks; *lock != NULL; lock++)
        lock_fork_parent(*lock);
    if (unlock_stdio)
        _IO_list_unlock();
}

static void fork_child(void)
{
    bool reset_stdio = stdio_locks_held > 0;

    stdio_locks_held -= reset_stdio;
    for (struct lock *const *lock = heap_locks; *lock != NULL; lock++)
        lock_fork_child(*lock);
    heap_after_fork();
    if (reset_stdio && _IO_list_resetlock)
        _IO_list_resetlock();
}

/* Early among the constructors, so that most other handlers come later, and run earlier. */
__attribute__((constructor(101))) static void fork_register(void)
{
    /* It may allocate: the heap works before any constructor has run. On failure the heap is
     * whole all the same, only fork() in a threaded program is not safe. */
    (void)pthread_atfork(fork_prepare, fork_parent, fork_child);
}
