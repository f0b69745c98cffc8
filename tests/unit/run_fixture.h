/*
 * A run as the plan and the sampling would have made it, of figures that a test can predict.
 */
#ifndef HEAPMARK_RUN_FIXTURE_H
#define HEAPMARK_RUN_FIXTURE_H

#include "record.h"

#include <stddef.h>

enum {
    FIXTURE_ALLOCATORS = 3, /* glibc, fast, "odd, \"name\"" */
    FIXTURE_WORKLOADS = 3,  /* web (synthetic), web-2 (the same, 2 threads), prog (program) */
    FIXTURE_BLOCKS = 10,
    FIXTURE_LAPS = 40,
    FIXTURE_POINTS = 200,
};

#define FIXTURE_MIB ((int64_t)1 << 20)

/* All trials planned; `name` is copied. */
void run_fixture_init(struct run *run, const char *name);
/* All trials OK: `fast` takes half of glibc's time in every lap, the third 5/4 of it, and every
 * block is slower than the one before by the same for all. */
void run_fixture_measure(struct run *run);
/* The outcome of one trial, which stays where it is. */
void run_fixture_fill(const struct run *run, struct trial_record *record);
/* The first trial of that key; the test fails when there is none. */
struct trial_record *run_fixture_trial(struct run *run, struct trial_key key);

/* A generator for simulations: uniform in (0, 1), the same sequence for the same seed. */
struct fixture_random {
    uint64_t state;
};
double fixture_uniform(struct fixture_random *random);
/* Standard normal, by Box and Muller. */
double fixture_normal(struct fixture_random *random);

#endif
