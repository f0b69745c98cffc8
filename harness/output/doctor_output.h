/*
 * What heapmark doctor found, as text and as JSON.
 */
#ifndef HEAPMARK_DOCTOR_OUTPUT_H
#define HEAPMARK_DOCTOR_OUTPUT_H

#include "disturbance.h"
#include "finding.h"
#include "noise_flags.h"
#include "self_noise.h"

#include <stdint.h>
#include <stdio.h>

struct doctor_result {
    const char *host, *kernel;
    int64_t started_ns; /* CLOCK_REALTIME */
    struct findings findings;
    bool measured; /* what follows is there */
    const char *allocator, *workload;
    struct self_noise noise;
    struct noise_flag flags[NOISE_FLAG_COUNT];
    size_t trials, disturbed;
    size_t disturbed_by[DISTURBANCE_COUNT];
};

typedef int doctor_output_fn(FILE *stream, const struct doctor_result *result);
/* Each returns 0, or -1 with errno. */
doctor_output_fn doctor_text;
doctor_output_fn doctor_json;

#endif
