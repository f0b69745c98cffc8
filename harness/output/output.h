/*
 * Output: the stored run and its summary in one format a file. Nothing is computed here, and
 * nothing is written but to the stream given. Each returns 0, or -1 with errno when the stream
 * failed (disk full, closed pipe).
 */
#ifndef HEAPMARK_OUTPUT_H
#define HEAPMARK_OUTPUT_H

#include "summary.h"

#include <stdio.h>

typedef int output_fn(FILE *stream, const struct summary *summary);

output_fn output_text;     /* the table for a terminal, one block a workload */
output_fn output_markdown; /* the same, for a README or a pull request */
output_fn output_csv;      /* one row a workload x allocator: every summary measure, low and high */
output_fn output_trials_csv;    /* one row a trial: every raw measure, in SI base units */
output_fn output_json;          /* all of it: run, facts, allocators, trials, laps, summary */
output_fn output_gbench;        /* the JSON of Google Benchmark, for dashboards that read it */
output_fn output_latency_csv;   /* one row a workload x allocator x call x size: percentiles */
output_fn output_histogram_csv; /* one row a bin of those */

struct output_format {
    const char *name, *help;
    output_fn *write;
};

/* Ends with a row whose name is NULL. */
extern const struct output_format output_formats[];

/* Writes the tables that plots/ read into the existing folder `directory`. */
int output_chart_tables(const char *directory, const struct summary *summary);

#endif
