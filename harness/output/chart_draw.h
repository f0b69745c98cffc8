/*
 * Draws the charts of a run with gnuplot, from the tables that output_chart_tables wrote and
 * the scripts in plots/. Names and labels reach gnuplot as data files and string arguments only,
 * never as code.
 */
#ifndef HEAPMARK_CHART_DRAW_H
#define HEAPMARK_CHART_DRAW_H

#include "chart_file.h"
#include "summary.h"

/* Writes speed, peak_rss, blow_up, scatter, syscalls and one timeline-LABEL a workload that was
 * sampled, one latency-LABEL a workload whose calls were timed, one requests-LABEL a workload whose
 * requests were and one curve-NAME a sweep, each as .svg and .png, into the existing folder
 * `output_directory`, and notes.tsv (why a cell has no figure) into `tables_directory`. A chart
 * appears complete or not at all, and replaces one of the same name. Goes on to the next chart when
 * one fails. Returns 0, or -1 with a message (MESSAGE_BYTES) about the first that failed. */
int chart_draw_all(const char *plots_directory, const char *tables_directory,
                   const char *output_directory, const struct summary *summary,
                   chart_written_fn *written, void *argument, char *message);

#endif
