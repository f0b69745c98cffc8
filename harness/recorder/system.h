/*
 * The system calls of the recorder: made directly, since libc's wrappers may be cancellation
 * points, and may be interposed by the recorded program.
 */
#ifndef HEAPMARK_RECORDER_SYSTEM_H
#define HEAPMARK_RECORDER_SYSTEM_H

#include <errno.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { KERNEL_SIGSET_BYTES = 8 };

static inline uint64_t system_block_signals(void)
{
    uint64_t all = ~UINT64_C(0), before = 0;
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, &before, KERNEL_SIGSET_BYTES);
    return before;
}

static inline void system_restore_signals(uint64_t mask)
{
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, NULL, KERNEL_SIGSET_BYTES);
}

/* Shared with another process, so never FUTEX_PRIVATE. */
static inline void system_futex_wake(_Atomic uint32_t *word)
{
    syscall(SYS_futex, word, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
}

static inline void system_futex_wait(_Atomic uint32_t *word, uint32_t value, long timeout_ns)
{
    struct timespec timeout = {.tv_nsec = timeout_ns};
    syscall(SYS_futex, word, FUTEX_WAIT, value, &timeout, NULL, 0);
}

static inline uint64_t system_clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

enum { SYSTEM_DECIMAL_BYTES = 24 };
/* The number in print, somewhere in `digits`. */
const char *system_decimal(char digits[SYSTEM_DECIMAL_BYTES], unsigned long number);

/* environ, or what will be: libc sets it only when it is initialised itself, and the first calls
 * of malloc come from the dynamic linker before that. */
char **system_environment(void);

/* This thread's number; in the child of a vfork, which runs in its parent's thread and memory, the
 * parent's. */
uint32_t system_tid(void);
/* Whether this is such a child. */
bool system_is_in_vfork(void);

/* "heapmark: <what>, PID goes on unrecorded" on stderr. */
void system_complain(const char *what);

#endif
