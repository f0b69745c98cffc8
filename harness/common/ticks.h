/*
 * The counter that single calls are timed with: the processor's time stamp counter, which runs at
 * one rate whatever the clock frequency (constant_tsc, nonstop_tsc), or ARM's virtual counter.
 *
 * The fences keep the call inside (Intel SDM, RDTSC: it is not serialising): what is pending is
 * waited for before the first stamp, and the call before the second.
 */
#ifndef HEAPMARK_TICKS_H
#define HEAPMARK_TICKS_H

#include "clock.h"

#include <stdint.h>

static inline uint64_t ticks_begin(void)
{
#if defined(__x86_64__)
    __asm__ volatile("lfence" ::: "memory");
    uint64_t ticks = __builtin_ia32_rdtsc();
    __asm__ volatile("" ::: "memory");
    return ticks;
#elif defined(__aarch64__)
    uint64_t ticks;
    __asm__ volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(ticks)::"memory");
    return ticks;
#else
    return (uint64_t)clock_ns(CLOCK_MONOTONIC);
#endif
}

static inline uint64_t ticks_end(void)
{
#if defined(__x86_64__)
    unsigned cpu;
    __asm__ volatile("" ::: "memory");
    uint64_t ticks = __builtin_ia32_rdtscp(&cpu);
    __asm__ volatile("lfence" ::: "memory");
    return ticks;
#else
    return ticks_begin();
#endif
}

#endif
