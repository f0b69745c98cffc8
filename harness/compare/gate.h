/*
 * The gate: what has just been read of allocators against a baseline, one check for each allocator,
 * workload and measure; and checks that a live comparison adds.
 *
 * An equal value needs no excuse. One that differs is the allocator's doing only where nothing else
 * differs that could have moved it: else the check says that it cannot be compared here, and why.
 */
#ifndef HEAPMARK_GATE_H
#define HEAPMARK_GATE_H

#include "baseline.h"
#include "comparison.h"

/* X(name, word, what it means) */
#define GATE_VERDICTS(X)                                                    \
    X(SAME, "same", "within the tolerance")                                 \
    X(BETTER, "better", "beyond the tolerance, for the better")             \
    X(WORSE, "worse", "beyond the tolerance, for the worse; or it fell")    \
    X(UNDECIDED, "undecided", "not known within the budget")                \
    X(NOT_COMPARABLE, "not comparable here", "something else differs, too") \
    X(ERROR, "could not run", "nothing is known")                           \
    X(NOT_GATED, "not gated", "nothing to compare with; decides nothing")

enum gate_verdict {
#define X(name, word, help) GATE_##name,
    GATE_VERDICTS(X)
#undef X
        GATE_VERDICT_COUNT
};

enum { GATE_WORD_BYTES = 80, GATE_WHY_BYTES = 512 };

struct gate_check {
    char *allocator, *workload; /* "": all of them */
    char measure[GATE_WORD_BYTES];
    enum gate_verdict verdict;
    char base[GATE_WORD_BYTES], now[GATE_WORD_BYTES]; /* as printed */
    char change[GATE_WORD_BYTES];                     /* "+0.51 %", "0.951 [0.940, 0.962]", "" */
    char why[GATE_WHY_BYTES];                         /* one line, or "" */
    double base_value, now_value;                     /* NAN: none */
};

struct gate {
    struct gate_check *checks;
    size_t count;
    bool failed; /* memory ran out */
};

void gate_release(struct gate *gate);
const char *gate_verdict_word(enum gate_verdict verdict);
/* A check more, its texts copied; NULL when memory is short, which is noted. Borrowed until the
 * next. */
struct gate_check *gate_add(struct gate *gate, const char *allocator, const char *workload,
                            const char *measure, enum gate_verdict verdict);

void gate_explain(struct gate_check *check, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

struct gate_rules {
    bool gates[EXACT_MEASURE_COUNT];
    struct baseline_tolerance tolerance[EXACT_MEASURE_COUNT];
    bool live; /* `base` was measured here, just now: conditions are the same */
};
/* All workloads of that allocator, which both must have. Returns how many checks were not
 * comparable. */
size_t gate_judge(struct gate *gate, const struct baseline *base, const struct baseline *now,
                  const char *allocator, const struct gate_rules *rules);
/* Takes the allocator's checks of exact measures away again. */
void gate_drop(struct gate *gate, const char *allocator);
/* The gating cells of a live comparison. */
void gate_add_comparison(struct gate *gate, const struct comparison *comparison,
                         const char *allocator);

/* What the exit status says: as of a comparison. */
enum compare_result gate_result(const struct gate *gate);
size_t gate_count(const struct gate *gate, enum gate_verdict verdict);

#endif
