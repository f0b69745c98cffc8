/* Both trials of a pair, alive at once and in turns (lockstep.h). */
#ifndef HEAPMARK_PAIR_TRIAL_H
#define HEAPMARK_PAIR_TRIAL_H

#include "conduct_internal.h"

/* `planned` are their places in the run, that of the first turn first; both are finished when it
 * returns. */
void pair_trial(struct conducting *conducting, struct trial_record *const planned[2], int cpu);

#endif
