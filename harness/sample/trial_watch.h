/*
 * Watches one trial from outside until its process is gone: meets it at checkpoints and reads
 * /proc while it stands still, samples resident and live bytes in between, ends it when its time
 * is over, and says how it ended.
 */
#ifndef HEAPMARK_TRIAL_WATCH_H
#define HEAPMARK_TRIAL_WATCH_H

#include "child.h"
#include "record.h"

#include <signal.h>

struct trial_watch_options {
    const struct allocator *allocator; /* its `file` must be the one that serves malloc */
    int64_t step_ns;                   /* of the timeline; 0: no samples */
    int64_t time_limit_ns;
    const volatile sig_atomic_t *interrupted;
    /* Called at each map stop, while the runner stands and its blocks are listed; NULL: none. */
    void (*map_stop)(void *argument, const struct child *child);
    /* Called at each checkpoint, while the runner stands; NULL: none. */
    void (*at_checkpoint)(void *argument, const struct child *child, enum checkpoint checkpoint);
    void *argument;
};

/* Fills `record` but for its key and id. The status stays PLANNED when the watch was interrupted:
 * the trial has to be run again. The child is dead then, but not yet ended (child_end). */
void trial_watch(struct child *child, const struct trial_watch_options *options,
                 struct trial_record *record);

#endif
