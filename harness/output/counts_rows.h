/*
 * Counts a call as rows of text: instructions under callgrind, and what the processor counted.
 */
#ifndef HEAPMARK_COUNTS_ROWS_H
#define HEAPMARK_COUNTS_ROWS_H

#include "table.h"

/* X(name, title, help): a callgrind column, its ratio to the reference, time beside both, and the
 * counters of the timed pass. */
#define COUNTS_COLUMNS(X)                                                                   \
    X(INSTRUCTIONS, "instr", "instructions a call, counted by callgrind in the first laps") \
    X(RATIO, "ratio", "the same relative to the reference: below 1 is less work")           \
    X(TIME, "ns", "wall time a call x threads, of the timed pass")

enum counts_column {
#define X(name, title, help) COUNTS_##name,
    COUNTS_COLUMNS(X)
#undef X
        COUNTS_COLUMN_COUNT
};

extern const char *const counts_titles[COUNTS_COLUMN_COUNT];

/* Whether instructions of the workload were, or were to be, counted. */
bool counts_wanted(const struct summary *summary, size_t workload);
/* The text of one cell, "n/a" when it is absent; returns `text` (TABLE_TEXT_BYTES). */
char *counts_text(const struct summary *summary, size_t workload, size_t allocator,
                  enum counts_column column, char *text);
/* Why nothing was counted, or NULL. */
const char *counts_reason(const struct summary *summary, size_t workload);

#endif
