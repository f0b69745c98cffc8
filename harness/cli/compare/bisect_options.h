/*
 * The options of `heapmark bisect`, parsed and checked.
 */
#ifndef HEAPMARK_BISECT_OPTIONS_H
#define HEAPMARK_BISECT_OPTIONS_H

#include "bisect_report.h"
#include "comparison.h"
#include "exact_measure.h"
#include "run_options.h"
#include "shared_options.h"

struct bisect_options {
    const char *good, *bad, *allocator;
    struct run_options run; /* suite, workloads, seed, limits, store */
    struct revision_source source;
    int exact, live; /* the measure: one of the two, the other is -1 */
    double threshold;
    bool threshold_given;
    struct comparison_budget budget; /* of one comparison; alpha is of all */
    bool first_parent;
    bisect_output_fn *write;
};

/* Exits on --help, and with COMPARE_COULD_NOT_RUN and one line on wrong use. */
void bisect_options_parse(struct bisect_options *options, int argc, char **argv);
const char *bisect_options_measure(const struct bisect_options *options);

#endif
