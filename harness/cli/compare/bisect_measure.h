/*
 * How two libraries of one allocator differ by a measure: the one question that a hunt asks again
 * and again. Exact measures take a run of each library, others a comparison in pairs.
 */
#ifndef HEAPMARK_BISECT_MEASURE_H
#define HEAPMARK_BISECT_MEASURE_H

#include "bisect_options.h"

enum bisect_likeness { BISECT_ALIKE, BISECT_DIFFERENT, BISECT_UNCLEAR, BISECT_FALLEN };

struct bisect_difference {
    enum bisect_likeness likeness;
    double amount;      /* signed, of `new` to `base`: relative */
    char *label, *text; /* of the workload that differs most; NULL: of none */
    char words[BISECT_CHANGE_BYTES];
    char why[BISECT_WHY_BYTES];
};
void bisect_difference_release(struct bisect_difference *difference);

struct bisect_question {
    const struct bisect_options *options;
    const char *base, *new; /* libraries */
    const char *workload;   /* "name:params"; NULL: those of the options */
    double threshold, alpha;
};
/* Returns 0, also when interrupted, or -1 with a message. The difference is to be released. */
int bisect_measure(struct bisect_difference *difference, const struct bisect_question *question,
                   char *message);

#endif
