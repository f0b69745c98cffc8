/* The runner's main business: one trial, as the page on TRIAL_PAGE_FD orders it. */
#ifndef HEAPMARK_TRIAL_RUN_H
#define HEAPMARK_TRIAL_RUN_H

/* Returns 0 when the trial is done, or a status to exit with when there is no page to be had
 * (a line on stderr says why). A trial that fails ends the process. */
int trial_run(void);

#endif
