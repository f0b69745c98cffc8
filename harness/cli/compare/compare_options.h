/*
 * The options of `heapmark compare`, parsed and checked.
 */
#ifndef HEAPMARK_COMPARE_OPTIONS_H
#define HEAPMARK_COMPARE_OPTIONS_H

#include "comparison.h"
#include "run_options.h"
#include "shared_options.h"

struct compare_options {
    const char *word[COMPARE_SIDES];
    struct run_options run; /* suite, workloads, seeds, limits, store; its blocks hold every pair */
    struct compare_rules rules;
    struct revision_source source;   /* of revisions */
    struct comparison_budget budget; /* as the rules have it, and the pairs */
    const char *format;
    bool across_conditions; /* of stored runs */
};

/* Exits on --help, and with COMPARE_COULD_NOT_RUN and one line on wrong use. */
void compare_options_parse(struct compare_options *options, int argc, char **argv);
void compare_options_release(struct compare_options *options);

#endif
