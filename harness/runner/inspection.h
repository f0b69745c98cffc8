/*
 * The books of an inspection pass: every live block, exactly, over all workers.
 *
 * Calls are serialised by a lock, so live bytes, usable bytes and their peak belong together;
 * a pass like this is never timed. Blocks are counted, not listed.
 */
#ifndef HEAPMARK_INSPECTION_H
#define HEAPMARK_INSPECTION_H

#include "checkpoint.h"
#include "trial_page.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct inspection {
    pthread_mutex_t lock; /* guards all below */
    bool usable_known;    /* malloc_usable_size is the allocator's own */
    bool stood_at_peak;
    const struct worker *peak_worker; /* whose last block made the peak; NULL: not reached yet */
    int64_t live_bytes, live_blocks, usable_bytes;
    int64_t peak_live_bytes, peak_usable_bytes;
};

struct session;
struct worker;

void inspection_init(struct inspection *inspection, bool usable_known);

/* Stands at CHECKPOINT_PEAK if it was reached and not yet stood at: after the last lap. */
void inspection_end(struct session *session);

/* What is known at a checkpoint, the allocator's heap walk included where it has one. The heap
 * is walked without the inspection's lock being needed: the walk takes the allocator's own. */
void inspection_report(const struct inspection *inspection, struct checkpoint_report *report);

#endif
