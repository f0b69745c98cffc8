/* One trial of a synthetic or recorded workload in a heapmark-runner of its own. */
#ifndef HEAPMARK_RUNNER_TRIAL_H
#define HEAPMARK_RUNNER_TRIAL_H

#include "child.h"
#include "conduct_internal.h"
#include "record.h"

/* The record has its key; what ends ill is in its status and detail. `cpu` is where the trial is
 * kept, -1 for anywhere. */
void runner_trial(struct conducting *conducting, struct trial_record *record, int cpu);
/* The same under callgrind, for its instructions alone. */
void runner_trial_count(struct conducting *conducting, struct trial_record *record);

/* The parts, for trials that others set up: what every trial of that key has in common, and the
 * watch over one from its start to its end. */
struct child_spec runner_trial_spec(struct conducting *conducting,
                                    const struct trial_record *record);
void runner_trial_watch(struct conducting *conducting, const struct child_spec *spec,
                        struct trial_record *record);

#endif
