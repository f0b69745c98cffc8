/*
 * Counts system calls in the log that strace writes with -f, as it arrives.
 */
#ifndef HEAPMARK_TRACE_LOG_H
#define HEAPMARK_TRACE_LOG_H

#include "record.h"

struct trace_log {
    struct syscall_counts counts;
    bool counting;  /* between prctl(PR_SET_NAME, "hm-begin") and "hm-end" */
    char line[256]; /* the line under way; what exceeds it is not looked at */
    size_t line_bytes;
};

/* `marked`: count only between the runner's marks; else everything. */
void trace_log_init(struct trace_log *log, bool marked);
/* Takes the next piece of the log. A call that was interrupted and resumed counts once. */
void trace_log_take(struct trace_log *log, const char *text, size_t bytes);

#endif
