/*
 * What a trial times beside its laps: some of its calls (sampler.h) and its requests (pacer.h),
 * where it is asked to.
 */
#ifndef HEAPMARK_TIMING_H
#define HEAPMARK_TIMING_H

#include "session.h"

/* Once the workers are there, before any of them begins. Returns 0, or -1 with errno. */
int timing_init(struct session *session);
/* By each worker around each lap; the warm-up, as what is done between laps, is not timed. */
void timing_enter(struct session *session, struct worker *worker, unsigned lap);
void timing_leave(struct worker *worker);
/* When all laps are over: tells the page what came of it. */
void timing_end(struct session *session);

#endif
