/*
 * How one allocator of a run stands against the others, in words and figures: a table a measure, a
 * row a workload, a column a peer.
 */
#ifndef HEAPMARK_STANDING_OUTPUT_H
#define HEAPMARK_STANDING_OUTPUT_H

#include "standing.h"

#include <stdio.h>

/* Writes all measures of `standing`; returns 0, or -1 with errno when the stream failed. */
typedef int standing_output_fn(FILE *stream,
                               const struct standing standing[STANDING_MEASURE_COUNT]);

standing_output_fn standing_text, standing_markdown;
standing_output_fn standing_csv; /* one row a measure, workload and peer */

/* NULL: there is none of that name. */
standing_output_fn *standing_output_find(const char *format);

#endif
