/*
 * What `heapmark trace` prints: an analysis in one format a function. Each writes to `file` alone
 * and returns 0, or -1 with errno when that failed.
 */
#ifndef HEAPMARK_TRACE_OUTPUT_H
#define HEAPMARK_TRACE_OUTPUT_H

#include "leaks.h"
#include "profile.h"
#include "survey.h"

#include <stdio.h>

/* A trace and its name, as it was given. */
struct trace_named {
    const char *path;
    const struct trace_reader *reader;
};

int trace_output_info_text(FILE *file, const struct trace_named *trace,
                           const struct survey *survey);
int trace_output_info_json(FILE *file, const struct trace_named *trace,
                           const struct survey *survey);

/* At most `top` rows of each table. */
int trace_output_leaks_text(FILE *file, const struct trace_named *trace, const struct leaks *leaks,
                            size_t top);
int trace_output_leaks_json(FILE *file, const struct trace_named *trace, const struct leaks *leaks,
                            size_t top);

/* The rows that hold most objects, at most `top`. */
int trace_output_profile_text(FILE *file, const struct trace_named *trace,
                              const struct profile *profile, size_t top);
/* All rows; `bare`: three columns and no heading. */
int trace_output_profile_csv(FILE *file, const struct profile *profile, bool bare);

/* Writes sizes.tsv, lifetimes.tsv and live.tsv, and of the latter two one over time, which the
 * scripts in plots/ read, into `folder`.
 * Returns 0, or -1 with a message. */
int trace_output_tables(const char *folder, const struct survey *survey, char *message);

/* "half-written: ..." for a trace whose end was never written or that was killed, or NULL. */
const char *trace_output_unfinished(const struct trace_named *trace);

/* What the format of the trace did not carry, "times, threads", or ""; in `text` of
 * TRACE_NOT_CARRIED_BYTES, which is returned. */
enum { TRACE_NOT_CARRIED_BYTES = 256 };
char *trace_output_not_carried(char *text, const struct trace_facts *facts);

#endif
