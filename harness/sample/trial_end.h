/*
 * How a trial ended, in one word and one line.
 */
#ifndef HEAPMARK_TRIAL_END_H
#define HEAPMARK_TRIAL_END_H

#include "record.h"
#include "trial_page.h"

#include <signal.h>

struct trial_end {
    const struct trial_page *page;
    const siginfo_t *exited; /* of waitid(2) */
    const char *errors;      /* what the process wrote to standard error */
    int64_t time_limit_ns;
    bool timed_out; /* we killed it for that */
};

/* Sets status and detail. */
void trial_end_judge(const struct trial_end *end, struct trial_record *record);

#endif
