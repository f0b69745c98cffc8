/* The checks of a gate, and what they come to; see gate.h. */
#include "compare_words.h"
#include "gate.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void gate_release(struct gate *gate)
{
    for (size_t i = 0; i < gate->count; i++) {
        free(gate->checks[i].allocator);
        free(gate->checks[i].workload);
    }
    free(gate->checks);
    *gate = (struct gate){0};
}

const char *gate_verdict_word(enum gate_verdict verdict)
{
    static const char *const words[] = {
#define X(name, word, help) word,
        GATE_VERDICTS(X)
#undef X
    };
    return words[verdict];
}

struct gate_check *gate_add(struct gate *gate, const char *allocator, const char *workload,
                            const char *measure, enum gate_verdict verdict)
{
    struct gate_check *grown = reallocarray(gate->checks, gate->count + 1, sizeof *gate->checks);
    if (grown == NULL) {
        gate->failed = true;
        return NULL;
    }
    gate->checks = grown;
    struct gate_check *check = &grown[gate->count];
    *check = (struct gate_check){
        .allocator = strdup(allocator),
        .workload = strdup(workload),
        .verdict = verdict,
        .base_value = NAN,
        .now_value = NAN,
    };
    snprintf(check->measure, sizeof check->measure, "%s", measure);
    if (check->allocator == NULL || check->workload == NULL) {
        free(check->allocator);
        free(check->workload);
        gate->failed = true;
        return NULL;
    }
    gate->count++;
    return check;
}

void gate_explain(struct gate_check *check, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(check->why, sizeof check->why, format, arguments);
    va_end(arguments);
}

void gate_drop(struct gate *gate, const char *allocator)
{
    size_t kept = 0;
    for (size_t i = 0; i < gate->count; i++) {
        struct gate_check *check = &gate->checks[i];
        if (strcmp(check->allocator, allocator) != 0) {
            gate->checks[kept++] = *check;
            continue;
        }
        free(check->allocator);
        free(check->workload);
    }
    gate->count = kept;
}

/* ---- live comparisons ---------------------------------------------------------------- */

static enum gate_verdict verdict_of_cell(enum verdict verdict)
{
    switch (verdict) {
    case VERDICT_SAME:
        return GATE_SAME;
    case VERDICT_BETTER:
        return GATE_BETTER;
    case VERDICT_WORSE:
        return GATE_WORSE;
    case VERDICT_UNDECIDED:
        break;
    }
    return GATE_UNDECIDED;
}

static void add_cell(struct gate *gate, const struct compare_workload *workload,
                     enum compare_measure_name measure, const char *allocator)
{
    const struct compare_cell *cell = &workload->cell[measure];
    char words[COMPARE_WORDS_BYTES], value[COMPARE_VALUE_BYTES];
    struct gate_check *check =
        gate_add(gate, allocator, workload->spec->label, compare_measures[measure].word,
                 verdict_of_cell(cell->verdict.verdict));
    if (check == NULL)
        return;
    check->base_value = cell->value[COMPARE_BASE];
    check->now_value = cell->value[COMPARE_NEW];
    snprintf(check->base, sizeof check->base, "%s",
             compare_measure_print(measure, cell->value[COMPARE_BASE], value));
    snprintf(check->now, sizeof check->now, "%s",
             compare_measure_print(measure, cell->value[COMPARE_NEW], value));
    snprintf(check->change, sizeof check->change, "%.60s",
             compare_words_change(workload, measure, words));
    gate_explain(check, "%zu pairs; %.400s", cell->verdict.pairs,
                 compare_words_verdict(workload, measure, words));
}

void gate_add_comparison(struct gate *gate, const struct comparison *comparison,
                         const char *allocator)
{
    char words[COMPARE_WORDS_BYTES];
    for (size_t w = 0; w < comparison->workloads; w++) {
        const struct compare_workload *workload = &comparison->workload[w];
        enum compare_outcome outcome = compare_outcome(workload);
        if (outcome == OUTCOME_LEFT_OUT)
            continue;
        if (outcome != OUTCOME_COMPARED) {
            struct gate_check *check = gate_add(gate, allocator, workload->spec->label, "trials",
                                                outcome == OUTCOME_NEW_FAILED    ? GATE_WORSE
                                                : outcome == OUTCOME_BOTH_FAILED ? GATE_ERROR
                                                : outcome == OUTCOME_NOT_RUN     ? GATE_UNDECIDED
                                                                                 : GATE_SAME);
            if (check != NULL)
                gate_explain(check, "%.500s", compare_words_failure(workload, words));
            continue;
        }
        for (int m = 0; m < COMPARE_MEASURE_COUNT; m++)
            if (compare_cell_gates(comparison, workload, (enum compare_measure_name)m))
                add_cell(gate, workload, (enum compare_measure_name)m, allocator);
    }
}

/* ---- what came of it ------------------------------------------------------------------ */

size_t gate_count(const struct gate *gate, enum gate_verdict verdict)
{
    size_t count = 0;
    for (size_t i = 0; i < gate->count; i++)
        count += gate->checks[i].verdict == verdict;
    return count;
}

enum compare_result gate_result(const struct gate *gate)
{
    if (gate_count(gate, GATE_WORSE) > 0)
        return COMPARE_WORSE;
    if (gate_count(gate, GATE_ERROR) > 0 || gate->failed ||
        gate_count(gate, GATE_NOT_GATED) == gate->count)
        return COMPARE_COULD_NOT_RUN;
    return gate_count(gate, GATE_UNDECIDED) + gate_count(gate, GATE_NOT_COMPARABLE) > 0
               ? COMPARE_UNDECIDED
               : COMPARE_NOTHING_WORSE;
}
