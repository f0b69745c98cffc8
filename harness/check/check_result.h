/*
 * What a test of an allocator came to, and the table of all of them.
 */
#ifndef HEAPMARK_CHECK_RESULT_H
#define HEAPMARK_CHECK_RESULT_H

#include "check_catalog.h"
#include "record.h"

#include <stdint.h>

/* X(name, word, what it says) */
#define CHECK_OUTCOMES(X)                                                              \
    X(NOT_RUN, "not run", "interrupted before it")                                     \
    X(PASS, "pass", "all that was asked held")                                         \
    X(FAIL, "fail", "something did not hold")                                          \
    X(CRASH, "crash", "a signal ended it")                                             \
    X(HANG, "hang", "still running at the time limit")                                 \
    X(NOT_INJECTED, "not injected", "another object than the library's served malloc") \
    X(KNOWN, "known", "fails, crashes or hangs, as the list of deviations says")       \
    X(SKIP, "skip", "cannot be tested here")                                           \
    X(AT_ONCE, "at once", "misuse: ended by the allocator in the wrong call")          \
    X(LATE, "late", "misuse: ended by the allocator in a later call")                  \
    X(WARNED, "warned", "misuse: a line on standard error, nothing harmed")            \
    X(HARMLESS, "no harm", "misuse: not said, and nothing seen to be harmed")          \
    X(NEVER, "never", "misuse: not said, and the heap or a block was harmed")          \
    X(TRAPPED, "fault", "misuse: a page fault at the very read or write")              \
    X(FAULT, "crash", "misuse: a signal that is nobody's word: SIGSEGV, SIGBUS, or a hang")

enum check_outcome {
#define X(name, word, help) CHECK_##name,
    CHECK_OUTCOMES(X)
#undef X
        CHECK_OUTCOME_COUNT
};

const char *check_outcome_word(enum check_outcome outcome);
const char *check_outcome_help(enum check_outcome outcome);
/* Whether it makes the exit status 1. */
bool check_outcome_is_bad(enum check_outcome outcome);

enum { CHECK_REASON_BYTES = 400 };

struct check_result {
    enum check_outcome outcome;
    bool unexpected_pass; /* a known deviation is gone */
    char reason[CHECK_REASON_BYTES];
    int64_t took_ns;
};

/* What is said of it: the word of its outcome or "passes now", and why. */
const char *check_result_word(const struct check_result *result);
const char *check_result_reason(const struct check_result *result);

struct check_table {
    const struct check_catalog *catalog;
    const struct run *run;        /* its allocators, the facts of the machine, and when it was */
    struct check_result *results; /* of allocator a and test t: check_table_at() */
};

/* Returns 0, or -1 when memory is short. */
int check_table_init(struct check_table *table, const struct check_catalog *catalog,
                     const struct run *run);
void check_table_release(struct check_table *table);
struct check_result *check_table_at(const struct check_table *table, size_t allocator, size_t test);
/* How many results are bad; and known deviations that are gone. */
size_t check_table_bad(const struct check_table *table);
size_t check_table_unexpected(const struct check_table *table);
size_t check_table_unexpected_in(const struct check_table *table, size_t allocator,
                                 const char *group);
/* Results of one allocator in one group with that outcome. */
size_t check_table_count(const struct check_table *table, size_t allocator, const char *group,
                         enum check_outcome outcome);

#endif
