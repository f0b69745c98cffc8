/*
 * Makes sure that nothing of a program outlives its trial.
 */
#ifndef HEAPMARK_PROCESS_SWEEP_H
#define HEAPMARK_PROCESS_SWEEP_H

#include <stdint.h>
#include <sys/types.h>

/* From here on orphans become our children (PR_SET_CHILD_SUBREAPER), even those that leave their
 * session. Returns a mark for process_sweep: processes that start later are told by it. */
int64_t process_sweep_begin(void);
/* Kills and reaps every process of the session, and every child of ours that was started after
 * the mark, until there are none. The caller must have started no other child meanwhile.
 * Returns 0, or -1 when some could not be killed within two seconds. */
int process_sweep(pid_t session, int64_t mark);

#endif
