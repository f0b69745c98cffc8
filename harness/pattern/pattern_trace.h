/*
 * Writes the calls of a pattern as a trace file, so that whatever looks into traces can look at it.
 */
#ifndef HEAPMARK_PATTERN_TRACE_H
#define HEAPMARK_PATTERN_TRACE_H

#include "pattern_source.h"

/* Writes `path`; `calls` is set to how many there are. Returns 0, or -1 with a message. */
int pattern_trace_write(const struct pattern *pattern, struct pattern_source *source,
                        const char *path, uint64_t *calls, char *message);

#endif
