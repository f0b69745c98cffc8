/*
 * A hunt for the commit that changed a measure: its steps, and what came of it, in words.
 */
#ifndef HEAPMARK_BISECT_REPORT_H
#define HEAPMARK_BISECT_REPORT_H

#include "history.h"

#include <stdio.h>

/* X(name, word, what it means) */
#define BISECT_OUTCOMES(X)                           \
    X(AS_GOOD, "good", "nearer to GOOD than to BAD") \
    X(AS_BAD, "bad", "nearer to BAD")                \
    X(SKIPPED, "skipped", "does not build, does not run, or says nothing clear")

enum bisect_outcome {
#define X(name, word, help) BISECT_##name,
    BISECT_OUTCOMES(X)
#undef X
};
const char *bisect_outcome_word(enum bisect_outcome outcome);

enum { BISECT_CHANGE_BYTES = 160, BISECT_WHY_BYTES = 512 };

struct bisect_step {
    struct history_commit commit;
    enum bisect_outcome outcome;
    bool measured;                    /* no: the same code as one that was, or not built */
    char change[BISECT_CHANGE_BYTES]; /* against GOOD: "1.05 [1.04, 1.06]", "+120 (+5.1 %)" */
    char why[BISECT_WHY_BYTES];
};

/* X(name, exit status, word) */
#define BISECT_RESULTS(X)                \
    X(FOUND, 0, "found")                 \
    X(NO_DIFFERENCE, 2, "no difference") \
    X(UNDECIDED, 2, "undecided")         \
    X(SEVERAL, 2, "one of several")      \
    X(INTERRUPTED, 130, "interrupted")

enum bisect_result {
#define X(name, status, word) BISECT_##name,
    BISECT_RESULTS(X)
#undef X
};
int bisect_exit_status(enum bisect_result result);

struct bisect_report {
    enum bisect_result result;
    const char *allocator, *measure;
    char *workload; /* that it was hunted on; NULL: not known yet */
    struct history_commit good, bad;
    char whole[BISECT_CHANGE_BYTES];  /* BAD against GOOD */
    char why[BISECT_WHY_BYTES];       /* of that, or of what could not be told */
    struct history_commit culprit;    /* when FOUND */
    char change[BISECT_CHANGE_BYTES]; /* of the culprit against the last good one */
    struct bisect_step *steps;
    size_t step_count;
    struct history_list suspects; /* when SEVERAL: the commits that it may be */
    double seconds;
};
void bisect_report_release(struct bisect_report *report);

typedef int bisect_output_fn(FILE *stream, const struct bisect_report *report);
/* Each returns 0, or -1 with errno when the stream failed. */
bisect_output_fn bisect_output_text, bisect_output_json;

#endif
