/*
 * Times of single calls and of requests as rows of text: what the table of a terminal and Markdown
 * share.
 */
#ifndef HEAPMARK_LATENCY_ROWS_H
#define HEAPMARK_LATENCY_ROWS_H

#include "latency_merge.h"
#include "table.h"

enum {
    LATENCY_COLUMNS = 8, /* call or time, timed, five percentiles, max */
    LATENCY_HEAD_BYTES = 512,
};

const char *latency_title(enum latency_group group, int column);

struct latency_row {
    char column[LATENCY_COLUMNS][TABLE_TEXT_BYTES];
};

/* The row of a kind of call (or LATENCY_ANY: all) under an allocator; `any`: whether one was
 * timed. Returns 0, or -1 when memory is short. */
int latency_row_make(struct latency_row *row, const struct summary *summary,
                     const struct trial_key *cell, int kind, bool *any);

/* One line about how the times of a workload were taken; returns `text` (LATENCY_HEAD_BYTES). */
char *latency_head(const struct summary *summary, size_t workload, enum latency_group group,
                   char *text);

/* How an allocator kept the rate of requests: "100 % of the rate, at most 21 waiting"; "" where
 * there is none; returns `text` (LATENCY_HEAD_BYTES). */
char *latency_pace_text(const struct summary *summary, const struct trial_key *cell, char *text);

#endif
