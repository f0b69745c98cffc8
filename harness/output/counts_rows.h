/*
 * Counts a call as rows of text: instructions under callgrind, and what the processor and the
 * kernel counted in the timed trials.
 */
#ifndef HEAPMARK_COUNTS_ROWS_H
#define HEAPMARK_COUNTS_ROWS_H

#include "table.h"

enum counts_table { COUNTS_CALLGRIND, COUNTS_PERF, COUNTS_TABLES };

enum { COUNTS_COLUMNS_MAXIMUM = 6 };

/* "instructions a call, ...": what stands above the table. */
const char *counts_heading(enum counts_table table);
/* The title of a column, from 0; NULL behind the last. */
const char *counts_title(enum counts_table table, unsigned column);

/* Whether such counts of the workload were asked for. */
bool counts_wanted(const struct summary *summary, size_t workload, enum counts_table table);
/* The line of the first trial that says why something was not counted, or NULL; *nothing: none of
 * the table was. */
const char *counts_reason(const struct summary *summary, size_t workload, enum counts_table table,
                          bool *nothing);
/* The text of one cell, "n/a" when it is absent; returns `text` (TABLE_TEXT_BYTES). */
char *counts_text(const struct summary *summary, const struct trial_key *cell,
                  enum counts_table table, unsigned column, char *text);

#endif
