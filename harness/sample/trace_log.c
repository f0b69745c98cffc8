/* Counts system calls in a log of strace; see trace_log.h. */
#include "trace_log.h"

#include <string.h>

void trace_log_init(struct trace_log *log, bool marked)
{
    memset(log, 0, sizeof *log);
    log->counting = !marked;
    log->counts.counted = true;
}

/* "1234 brk(0x55d000) = ..." or "brk(0x55d000) = ...": the name up to its bracket. The second
 * half of an interrupted call reads "1234 <... brk resumed>" and so has none. */
static const char *call_name(const char *line)
{
    line += strspn(line, "0123456789 ");
    return line;
}

static bool begins_with(const char *text, const char *beginning)
{
    return strncmp(text, beginning, strlen(beginning)) == 0;
}

static void take_line(struct trace_log *log, const char *line)
{
    const char *name = call_name(line);
    if (begins_with(name, "prctl(PR_SET_NAME")) {
        if (strstr(name, "\"hm-begin\"") != NULL)
            log->counting = true;
        if (strstr(name, "\"hm-end\"") != NULL)
            log->counting = false;
        return;
    }
    if (!log->counting)
        return;
#define X(call)                       \
    if (begins_with(name, #call "(")) \
        log->counts.call++;
    SYSCALL_MEASURES(X)
#undef X
}

void trace_log_take(struct trace_log *log, const char *text, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        if (text[i] != '\n') {
            if (log->line_bytes < sizeof log->line - 1)
                log->line[log->line_bytes++] = text[i];
            continue;
        }
        log->line[log->line_bytes] = '\0';
        take_line(log, log->line);
        log->line_bytes = 0;
    }
}
