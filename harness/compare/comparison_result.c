/* What came of it: outcomes, geometric means, noise flags; see comparison.h. */
#include "comparison_internal.h"

#include <math.h>
#include <stdlib.h>

bool compare_cell_gates(const struct comparison *comparison,
                        const struct compare_workload *workload, enum compare_measure_name measure)
{
    bool exact = workload->cell[measure].verdict.design == DESIGN_EXACT;
    return comparison->rules.gates[measure] && workload->cell[measure].available &&
           (exact || !comparison->independent);
}

const char *compare_cell_absence(const struct compare_workload *workload,
                                 enum compare_measure_name measure)
{
    const struct compare_cell *cell = &workload->cell[measure];
    if (cell->available)
        return "";
    if (workload->paced && compare_measure_is_of_the_schedule(measure))
        return "at its pace it takes as long as its schedule, under any allocator: no time to "
               "judge";
    if (cell->thin && compare_measures[measure].pass == PASS_TIMED)
        return "too few requests; more laps have more";
    if (cell->thin)
        return "too few calls were timed; a smaller N of --latency=N times more";
    return workload->absent[compare_measure_pass(measure, workload->spec->kind)];
}

bool compare_cell_has_ratio(const struct compare_cell *cell)
{
    return cell->available && cell->verdict.is_ratio &&
           cell->verdict.typical > cell->verdict.measure.tolerance;
}

enum compare_outcome compare_outcome(const struct compare_workload *workload)
{
    enum trial_status base = workload->failure[COMPARE_BASE].status;
    enum trial_status new = workload->failure[COMPARE_NEW].status;
    if (!workload->planned[COMPARE_BASE] || !workload->planned[COMPARE_NEW])
        return OUTCOME_LEFT_OUT;
    if (base == STATUS_SKIPPED || new == STATUS_SKIPPED)
        return OUTCOME_LEFT_OUT;
    /* Nothing is known of an allocator that was not there. */
    if (base == STATUS_NOT_INJECTED || new == STATUS_NOT_INJECTED)
        return OUTCOME_BOTH_FAILED;
    if (base != STATUS_OK && new != STATUS_OK)
        return OUTCOME_BOTH_FAILED;
    if (new != STATUS_OK)
        return OUTCOME_NEW_FAILED;
    if (base != STATUS_OK)
        return OUTCOME_BASE_FAILED;
    for (int m = 0; m < COMPARE_MEASURE_COUNT; m++)
        if (compare_measure_is_exact((enum compare_measure_name)m) && workload->cell[m].available)
            return OUTCOME_COMPARED;
    return workload->seen > 0 ? OUTCOME_COMPARED : OUTCOME_NOT_RUN;
}

static bool is_measured(const struct comparison *comparison, int measure)
{
    for (size_t w = 0; w < comparison->workloads; w++)
        if (compare_outcome(&comparison->workload[w]) == OUTCOME_COMPARED &&
            comparison->workload[w].cell[measure].available)
            return true;
    return false;
}

int comparison_missing_gate(const struct comparison *comparison)
{
    size_t compared = 0;
    for (size_t w = 0; w < comparison->workloads; w++)
        compared += compare_outcome(&comparison->workload[w]) == OUTCOME_COMPARED;
    for (int m = 0; m < COMPARE_MEASURE_COUNT && compared > 0; m++)
        if (comparison->rules.gates_named && comparison->rules.gates[m] &&
            !is_measured(comparison, m))
            return m;
    return -1;
}

size_t comparison_settled(const struct comparison *comparison)
{
    size_t count = 0;
    for (size_t w = 0; w < comparison->workloads; w++) {
        enum compare_outcome outcome = compare_outcome(&comparison->workload[w]);
        count += comparison->workload[w].settled ||
                 (outcome != OUTCOME_COMPARED && outcome != OUTCOME_NOT_RUN);
    }
    return count;
}

/* Of one workload. */
static enum compare_result result_of(const struct comparison *comparison,
                                     const struct compare_workload *workload)
{
    enum compare_outcome outcome = compare_outcome(workload);
    if (outcome == OUTCOME_NEW_FAILED)
        return COMPARE_WORSE;
    if (outcome == OUTCOME_BOTH_FAILED)
        return COMPARE_COULD_NOT_RUN;
    if (outcome == OUTCOME_NOT_RUN)
        return COMPARE_UNDECIDED;
    if (outcome != OUTCOME_COMPARED)
        return COMPARE_NOTHING_WORSE;
    enum compare_result result =
        comparison->independent && !compare_rules_are_exact(&comparison->rules)
            ? COMPARE_UNDECIDED
            : COMPARE_NOTHING_WORSE;
    for (int m = 0; m < COMPARE_MEASURE_COUNT; m++) {
        if (!compare_cell_gates(comparison, workload, (enum compare_measure_name)m))
            continue;
        enum verdict verdict = workload->cell[m].verdict.verdict;
        if (verdict == VERDICT_WORSE)
            return COMPARE_WORSE;
        if (verdict == VERDICT_UNDECIDED)
            result = COMPARE_UNDECIDED;
    }
    return result;
}

enum compare_result comparison_result(const struct comparison *comparison)
{
    size_t count[COMPARE_COULD_NOT_RUN + 1] = {0}, left_out = 0;
    for (size_t w = 0; w < comparison->workloads; w++) {
        count[result_of(comparison, &comparison->workload[w])]++;
        left_out += compare_outcome(&comparison->workload[w]) == OUTCOME_LEFT_OUT;
    }
    if (count[COMPARE_WORSE] > 0)
        return COMPARE_WORSE;
    /* A gate that was asked for and not held is no green light. */
    if (count[COMPARE_COULD_NOT_RUN] > 0 || left_out == comparison->workloads ||
        comparison_missing_gate(comparison) >= 0)
        return COMPARE_COULD_NOT_RUN;
    return count[COMPARE_UNDECIDED] > 0 || comparison->failed ? COMPARE_UNDECIDED
                                                              : COMPARE_NOTHING_WORSE;
}

/* ---- geometric means ----------------------------------------------------------- */

/* Logarithms of ratios by round, up to the last look; NULL and ENOMEM. */
static double *rounds_of(const struct compare_workload *workload, enum compare_measure_name measure,
                         size_t *rounds)
{
    struct verdict_pairs pairs = evidence_pairs(workload, measure);
    double *values = calloc(workload->seen + 1, sizeof *values);
    /* What was clear before the others may have fewer. */
    if (pairs.pairs > workload->seen)
        pairs.pairs = workload->seen;
    if (values != NULL && verdict_pair_values(&pairs, true, values) < 0) {
        free(values);
        return NULL;
    }
    *rounds = pairs.pairs;
    return values;
}

static bool has_mean(enum compare_measure_name measure)
{
    return measure == MEASURE_TIME || measure == MEASURE_CPU || measure == MEASURE_RSS ||
           measure == MEASURE_PSS;
}

static int make_mean(struct comparison *comparison, enum compare_measure_name measure)
{
    const struct verdict_rules *rules = &comparison->rules.verdict;
    struct suite_workload *workloads = calloc(comparison->workloads + 1, sizeof *workloads);
    int result = workloads != NULL ? 0 : -1;
    for (size_t w = 0; w < comparison->workloads && result == 0; w++) {
        const struct compare_workload *workload = &comparison->workload[w];
        const struct compare_cell *cell = &workload->cell[measure];
        workloads[w].dropped = compare_outcome(workload) != OUTCOME_COMPARED ||
                               workload->seen == 0 || !compare_cell_has_ratio(cell);
        if (workloads[w].dropped)
            continue;
        workloads[w].value = rounds_of(workload, measure, &workloads[w].rounds);
        result = workloads[w].value != NULL ? 0 : -1;
    }
    if (result == 0)
        result = suite_mean(workloads, comparison->workloads,
                            rules->alpha / (double)rules->look_count, &comparison->mean[measure]);
    for (size_t w = 0; workloads != NULL && w < comparison->workloads; w++)
        free((double *)workloads[w].value);
    free(workloads);
    return result;
}

static int find_noise(const struct comparison *comparison, struct compare_workload *workload)
{
    const struct pair_table *table = &workload->table[PAIR_CLOCK_WALL];
    const struct verdict_cell *cell = &workload->cell[MEASURE_TIME].verdict;
    struct noise_trials base = pair_table_trials(table, PAIR_BASE);
    struct noise_trials new = pair_table_trials(table, PAIR_NEW);
    struct noise_place place = {.cpus = comparison->cpus, .threads = workload->spec->threads};
    if (cell->pairs == 0 || comparison->independent)
        return 0;
    base.trials = new.trials = cell->pairs;
    return noise_flags(&base, &new, cell, &place, workload->flags);
}

int comparison_finish(struct comparison *comparison, int64_t now_ns)
{
    int result = 0;
    comparison->ended_ns = now_ns;
    for (int m = 0; m < COMPARE_MEASURE_COUNT && result == 0; m++) {
        comparison->mean[m] = (struct suite_mean){.value = NAN, .low = NAN, .high = NAN};
        if (!comparison->independent && has_mean((enum compare_measure_name)m))
            result = make_mean(comparison, (enum compare_measure_name)m);
    }
    for (size_t w = 0; w < comparison->workloads && result == 0; w++)
        result = find_noise(comparison, &comparison->workload[w]);
    return result;
}
