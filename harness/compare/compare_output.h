/*
 * A comparison in words, for people and for programs. Nothing is computed here, and nothing is
 * written but to the stream given. Each returns 0, or -1 with errno when the stream failed.
 */
#ifndef HEAPMARK_COMPARE_OUTPUT_H
#define HEAPMARK_COMPARE_OUTPUT_H

#include "comparison.h"

#include <stdio.h>

struct compare_report {
    const struct comparison *comparison; /* finished; borrowed, as all here */
    const char *word[COMPARE_SIDES];     /* what was asked for: "freelist-best@main" */
    const char *store;                   /* where the trials are */
    bool interrupted;
};

typedef int compare_output_fn(FILE *stream, const struct compare_report *report);

compare_output_fn compare_output_text;
compare_output_fn compare_output_markdown; /* a comment for a pull request */
compare_output_fn compare_output_json;     /* docs/comparing.md has the fields */
compare_output_fn compare_output_junit;    /* a test case a workload and gating measure */

struct compare_format {
    const char *name;
    compare_output_fn *write;
};
/* Ends with a row whose name is NULL. */
extern const struct compare_format compare_formats[];

#endif
