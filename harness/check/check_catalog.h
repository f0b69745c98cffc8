/*
 * The tests of the conformance suite, as heapmark-check lists them, and the known deviations of
 * allocators from them.
 */
#ifndef HEAPMARK_CHECK_CATALOG_H
#define HEAPMARK_CHECK_CATALOG_H

#include "ini_file.h"
#include "paths.h"

#include <stdbool.h>
#include <stddef.h>

/* Misuse is shown, never counted; the soak is long, and runs only when asked for. */
#define CHECK_GROUP_MISUSE "misuse"
#define CHECK_GROUP_SOAK   "soak"

struct check_test {
    const char *group, *name, *summary;
};

struct check_catalog {
    struct check_test *tests;
    size_t count;
    char *text; /* what the tests point into */
    struct ini_file deviations;
};

struct check_deviation {
    const char *reason;
    bool sometimes; /* a pass is no surprise */
};

/* Returns 0, or -1 with a message. To be released in either case. */
int check_catalog_load(struct check_catalog *catalog, const struct paths *paths, char *message);
void check_catalog_release(struct check_catalog *catalog);

/* Keeps the tests of one of the groups (any, when there is none) whose name matches one of the
 * patterns (any, when there is none), and the soak only when `soak`. What matches nothing is
 * refused: -1 with a message. */
struct check_choice {
    const char *const *groups, *const *patterns;
    size_t group_count, pattern_count;
    bool soak;
};
int check_catalog_choose(struct check_catalog *catalog, const struct check_choice *choice,
                         char *message);

/* Whether a test is informative: no outcome of it is a failure. */
bool check_test_is_misuse(const struct check_test *test);

/* How `allocator` is known to deviate; the reason is NULL when it is not. */
struct check_deviation check_catalog_deviation(const struct check_catalog *catalog,
                                               const char *allocator, const char *test);

#endif
