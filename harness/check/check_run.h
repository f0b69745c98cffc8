/*
 * Runs tests, each in a process of its own with the allocator preloaded, several at once.
 */
#ifndef HEAPMARK_CHECK_RUN_H
#define HEAPMARK_CHECK_RUN_H

#include "check_result.h"
#include "paths.h"

#include <signal.h>

struct check_limits {
    uint64_t time_limit_ns; /* of each test; a soak has that much beside its own time */
    uint64_t soak_ns;
    unsigned jobs;
    const volatile sig_atomic_t *interrupted;
};

/* Fills the table. An allocator that cannot be used at all (`unusable[a]` says why, NULL: it can)
 * gets that as the result of each test. Returns 0, or -1 with a message; what was interrupted
 * stays CHECK_NOT_RUN. */
int check_run(struct check_table *table, const struct check_limits *limits,
              const char *const *unusable, const struct paths *paths, char *message);

/* What the process of a test came to, from what it said and how it ended. */
struct check_end {
    const char *output, *errors;
    int exit_status, signal;
    bool timed_out;
    const char *malloc_file; /* the object that has to serve malloc */
};
void check_judge(struct check_result *result, const struct check_test *test,
                 const struct check_end *end);

#endif
