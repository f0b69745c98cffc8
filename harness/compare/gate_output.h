/*
 * What a gate found, in words. Nothing is computed here, and nothing is written but to the stream
 * given. Each returns 0, or -1 with errno when the stream failed.
 */
#ifndef HEAPMARK_GATE_OUTPUT_H
#define HEAPMARK_GATE_OUTPUT_H

#include "gate.h"

#include <stdio.h>

struct gate_report {
    const struct gate *gate;
    const char *against; /* the baseline's path, or the revision */
    const char *store;
    double seconds;
    bool interrupted;
};

typedef int gate_output_fn(FILE *stream, const struct gate_report *report);

struct gate_format {
    const char *name;
    gate_output_fn *write;
};
/* text, md, json, junit. Ends with a row whose name is NULL. */
extern const struct gate_format gate_formats[];

gate_output_fn gate_output_text, gate_output_markdown, gate_output_json, gate_output_junit;

enum { GATE_SUMMARY_BYTES = 512 };
/* "2 of 30 checks are worse: ..."; into `text`, which is returned. */
char *gate_summary(const struct gate_report *report, char text[GATE_SUMMARY_BYTES]);

#endif
