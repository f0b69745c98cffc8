/* Two series of trials that were not interleaved; see comparison_internal.h. */
#include "comparison_internal.h"

#include "order_statistic.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static int append(struct compare_column *column, enum compare_side side, double value)
{
    size_t count = column->count[side];
    double *grown = reallocarray(column->value[side], count + 1, sizeof *grown);
    if (grown == NULL)
        return -1;
    column->value[side] = grown;
    grown[count] = value;
    column->count[side]++;
    return 0;
}

int evidence_add_alone(struct compare_workload *workload, enum compare_side side,
                       const struct trial_record *trial)
{
    if (trial->status != STATUS_OK) {
        if (trial->status != STATUS_PLANNED)
            comparison_note_failure(workload, side, trial);
        return 0;
    }
    evidence_add_exact(workload, side, trial);
    for (int m = 0; m < COMPARE_MEASURE_COUNT; m++) {
        enum compare_measure_name measure = (enum compare_measure_name)m;
        if (compare_measure_is_exact(measure) ||
            compare_measure_pass(measure, workload->spec->kind) != trial->key.pass)
            continue;
        double value = compare_measure_value(measure, trial);
        if (append(&workload->column[m], side, value) < 0)
            return -1;
        if (!isfinite(value))
            workload->cell[m].available = false;
    }
    workload->alone[side] += trial->key.pass == PASS_TIMED;
    return 0;
}

static int median_of(const double *values, size_t count, double *median)
{
    double *sorted = reallocarray(NULL, count + 1, sizeof *sorted);
    if (sorted == NULL)
        return -1;
    memcpy(sorted, values, count * sizeof *sorted);
    *median = order_statistic_median(sorted, count);
    free(sorted);
    return 0;
}

static int judge(struct comparison *comparison, struct compare_workload *workload,
                 enum compare_measure_name measure)
{
    struct compare_cell *cell = &workload->cell[measure];
    const struct compare_column *column = &workload->column[measure];
    struct verdict_values series[COMPARE_SIDES];
    struct verdict_cell *decided = &cell->verdict;
    if (!cell->available || compare_measure_is_exact(measure))
        return 0;
    for (int side = 0; side < COMPARE_SIDES; side++) {
        series[side] = (struct verdict_values){column->value[side], column->count[side]};
        if (median_of(column->value[side], column->count[side], &cell->value[side]) < 0)
            return -1;
    }
    if (verdict_independent(&cell->verdict, &comparison->rules.verdict, series[COMPARE_BASE],
                            series[COMPARE_NEW]) < 0)
        return -1;
    return verdict_decide(&decided, 1, &comparison->rules.verdict);
}

int evidence_judge_series(struct comparison *comparison, struct compare_workload *workload)
{
    size_t base = workload->alone[COMPARE_BASE], new = workload->alone[COMPARE_NEW];
    workload->pairs = workload->seen = base < new ? base : new;
    for (int m = 0; m < COMPARE_MEASURE_COUNT; m++)
        if (!compare_measure_is_exact((enum compare_measure_name)m) &&
            (workload->column[m].count[COMPARE_BASE] == 0 ||
             workload->column[m].count[COMPARE_NEW] == 0))
            workload->cell[m].available = false;
    for (int m = 0; m < COMPARE_MEASURE_COUNT; m++)
        if (judge(comparison, workload, (enum compare_measure_name)m) < 0)
            return -1;
    return 0;
}
