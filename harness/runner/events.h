/*
 * What the processor and the kernel count of a worker in its timed laps, by perf_event_open(2):
 * each worker opens its own counters, and they run while it is in a lap. What the kernel does not
 * lend is left out, each event for itself.
 */
#ifndef HEAPMARK_EVENTS_H
#define HEAPMARK_EVENTS_H

#include "trial_page.h"

struct events {
    int file[EVENT_COUNT]; /* -1: not lent */
};

/* By the worker itself; the counters stand still. Why one is not lent is put into the page. */
void events_open(struct events *events, struct trial_page *page);
/* Around a lap: all counters of the calling thread. */
void events_start(void);
void events_stop(void);
/* Adds the counts to the page's and closes the counters. */
void events_close(struct events *events, struct trial_page *page);

#endif
