/*
 * A futex lock that knows its holder. Who finds it taken spins for a moment, then sleeps.
 *
 * The word is 0 when free, else the holder's thread id, with LOCK_WAITERS set when somebody
 * sleeps on it. Knowing the holder in the same word that takes the lock is what makes fork()
 * safe in a signal handler that interrupted malloc on this very thread: there is no moment at
 * which the lock is held by nobody knows whom (glibc's tst-mallocfork).
 */
#ifndef HEAPMARK_LOCK_H
#define HEAPMARK_LOCK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#if __has_include(<sys/single_threaded.h>)
#include <sys/single_threaded.h>
#else
#define __libc_single_threaded 0
#endif

#define LOCK_WAITERS UINT32_C(0x80000000)

/* Those who wait look at the word: what the holder works on lies in other cache lines. */
#define LOCK_CACHE_LINE_BYTES 64

struct lock {
    _Alignas(LOCK_CACHE_LINE_BYTES) _Atomic uint32_t word;
    /* The rest belongs to the holder. */
    bool forking;   /* held for a fork: the holder may pass through again */
    uint32_t depth; /* passes by the holder while forking, and forks that found the lock theirs */
    /* A signal handler that interrupted the holder forks: it is not released until that is over.
     * Read by others that fork. */
    atomic_bool frozen;
};

/* This thread's id once known, else 0. Stale in the child of a raw clone(2), where it can meet
 * no thread of the same process and so does no harm. */
extern _Thread_local uint32_t lock_thread_id;

/* Out-of-line halves of the functions below. */
uint32_t lock_learn_thread_id(void);
void lock_acquire_slowly(struct lock *lock, uint32_t self);
void lock_wake_one(struct lock *lock);

/* Takes the lock. Aborts with a message when this thread already holds it, since waiting would
 * be for ever: malloc ran in a signal handler that interrupted malloc, or in a heap visitor. */
static inline void lock_acquire(struct lock *lock)
{
    uint32_t self = lock_thread_id != 0 ? lock_thread_id : lock_learn_thread_id();
    uint32_t expected = 0;

    /* Only this thread can start a second one, and not while it is in here, so that plain
     * accesses do until then. Saves both locked instructions of an uncontended pass. */
    if (__libc_single_threaded && atomic_load_explicit(&lock->word, memory_order_relaxed) == 0) {
        atomic_store_explicit(&lock->word, self, memory_order_relaxed);
        return;
    }
    /* Acquire pairs with the release in lock_release. */
    if (!atomic_compare_exchange_strong_explicit(&lock->word, &expected, self, memory_order_acquire,
                                                 memory_order_relaxed))
        lock_acquire_slowly(lock, self);
}

static inline void lock_release(struct lock *lock)
{
    if (lock->depth > 0) {
        lock->depth--;
        return;
    }
    if (__libc_single_threaded) {
        atomic_store_explicit(&lock->word, 0, memory_order_relaxed);
        return;
    }
    /* Release pairs with the acquire of the next holder. */
    if (atomic_exchange_explicit(&lock->word, 0, memory_order_release) & LOCK_WAITERS)
        lock_wake_one(lock);
}

/* The three moments of fork(2), for pthread_atfork. Between prepare and the other two the
 * forking thread holds the lock and may still use the heap (other libraries' handlers do). */
/* Before any other lock is taken for the fork. True if this thread holds the lock already: it is a
 * signal handler that interrupted malloc that forks. */
bool lock_fork_announce(struct lock *lock);
/* Waits for the lock, but not while it is frozen: false then. Two that fork from handlers, each
 * with a lock of the heap, would wait for each other for ever. */
bool lock_fork_prepare(struct lock *lock);
/* Both also after prepare has been given up. */
void lock_fork_parent(struct lock *lock);
void lock_fork_child(struct lock *lock);

#endif
