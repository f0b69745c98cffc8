/*
 * What a gate compares live: each library that has changed, in pairs with its old one.
 */
#ifndef HEAPMARK_GATE_LIVE_H
#define HEAPMARK_GATE_LIVE_H

#include "gate_options.h"
#include "gate_subject.h"

struct gate_live {
    struct gate *gate; /* gets the checks */
    const struct gate_options *options;
    const struct baseline *baseline; /* whose workloads are run; NULL: those of the options */
    const struct gate_subjects *subjects;
};

/* Alpha and the time are shared among them. Returns 0, also when interrupted, or -1 with a
 * message. */
int gate_live(const struct gate_live *gating, char *message);

#endif
