/*
 * Times some calls of a worker, chosen by chance, in a latency pass.
 *
 * Timing a call costs several calls, and serialises what the processor would overlap; so only one
 * call in `gap` is timed, after a number of others that is drawn anew each time from a geometric
 * distribution: each call has the same chance, whatever period the allocator or the workload has.
 * The draws come from a generator of the sampler's own, so the workload makes the same calls.
 *
 * A NULL sampler times nothing: outside the timed laps.
 */
#ifndef HEAPMARK_SAMPLER_H
#define HEAPMARK_SAMPLER_H

#include "latency_sheet.h"
#include "ticks.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sampler {
    uint64_t left; /* calls up to and with the next that is timed */
    struct latency_sheet *sheet;
    uint64_t random;
    double scale; /* -1 / ln(1 - 1/gap); 0: every call is timed */
    /* Where calls are due at times (sampler_due()): */
    bool paced;
    bool punctual;    /* the next call is the one that due_ns is of */
    int64_t due_ns;   /* CLOCK_MONOTONIC; 0: nothing was due yet */
    int64_t slip_ns;  /* what the last sleep took too long */
    int64_t held_ns;  /* by others, since something was due */
    int64_t left_ns;  /* the end of the last lap; 0: there was none */
    int64_t grain_ns; /* calls less far apart have no times of their own */
    double ticks_per_ns;
} __attribute__((aligned(128)));

/* `gap` >= 1. */
void sampler_init(struct sampler *sampler, struct latency_sheet *sheet, uint64_t gap,
                  uint64_t seed);

/* The next call is due at `due_ns`, and it is `now_ns`; `slept`: after a wait for that moment.
 *
 * Where a worker has slept and woke late, it was the timer that was late: all that is due until the
 * next sleep counts as due that much later. So it is with the time that it stood between laps, or
 * waited for the others to come along. */
void sampler_due(struct sampler *sampler, int64_t due_ns, int64_t now_ns, bool slept);
/* The worker has just waited for others. */
void sampler_hold(struct sampler *sampler, int64_t waited_ns);
/* A lap begins, a lap has ended; between them nothing is due. */
void sampler_enter(struct sampler *sampler);
void sampler_leave(struct sampler *sampler);

/* Whether to time this call. */
static inline bool sampler_wants(struct sampler *sampler)
{
    return sampler != NULL && (--sampler->left == 0 || sampler->paced);
}

/* The stamp that a call begins with, or, where calls are due at times, that it was due at; 0: it is
 * not timed after all. */
uint64_t sampler_paced_begin(struct sampler *sampler);
static inline uint64_t sampler_begin(struct sampler *sampler)
{
    return sampler->paced ? sampler_paced_begin(sampler) : ticks_begin();
}
/* Counts a call that began so and ended at `end`, and draws when the next is timed. */
void sampler_note(struct sampler *sampler, uint64_t begin, uint64_t end, enum latency_kind kind,
                  size_t bytes);

/* The calls, timed or not. */
void *sampler_malloc(struct sampler *sampler, size_t bytes);
void *sampler_calloc(struct sampler *sampler, size_t bytes);
void *sampler_aligned(struct sampler *sampler, size_t alignment, size_t bytes); /* memalign */
void *sampler_realloc(struct sampler *sampler, void *block, size_t bytes);
void sampler_free(struct sampler *sampler, void *block, size_t bytes);

/* The rate of the counter, and the median number of ticks between the stamps of nothing. */
double sampler_ticks_per_ns(void);
uint64_t sampler_timer_ticks(void);

#endif
