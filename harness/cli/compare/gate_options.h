/*
 * The options of `heapmark gate`, parsed and checked.
 */
#ifndef HEAPMARK_GATE_OPTIONS_H
#define HEAPMARK_GATE_OPTIONS_H

#include "baseline.h"
#include "comparison.h"
#include "gate_output.h"
#include "run_options.h"
#include "shared_options.h"

struct gate_options {
    struct run_options run; /* suite, workloads, allocators, seed, limits, store */
    struct word_list bases; /* --base words */
    struct revision_source source;
    struct compare_rules rules;      /* of what is compared live */
    bool exact[EXACT_MEASURE_COUNT]; /* which exact measures gate */
    bool live;                       /* some measure of a live comparison gates */
    bool gates_given;
    double exact_percent[EXACT_MEASURE_COUNT]; /* --threshold; below 0: the baseline's */
    struct comparison_budget budget;           /* as the rules have it, and the pairs */
    const char *baseline;                      /* NULL: the usual one */
    const char *against;                       /* a revision; NULL: the baseline */
    const struct gate_format *format;
    bool update, allow_dirty, all;
};

/* Exits on --help, and with COMPARE_COULD_NOT_RUN and one line on wrong use. */
void gate_options_parse(struct gate_options *options, int argc, char **argv);
void gate_options_release(struct gate_options *options);

#endif
