/* Pairs into columns, and looks at them; see comparison.h. */
#include "comparison_internal.h"

#include "order_statistic.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 16 };

static bool is_timed(enum compare_measure_name measure)
{
    return measure == MEASURE_TIME || measure == MEASURE_CPU;
}

static enum pass pass_of(const struct compare_workload *workload, int measure)
{
    return compare_measure_pass((enum compare_measure_name)measure, workload->spec->kind);
}

void evidence_init(struct comparison *comparison, struct compare_workload *workload)
{
    const struct compare_rules *rules = &comparison->rules;
    pair_table_init(&workload->table[PAIR_CLOCK_WALL], PAIR_CLOCK_WALL);
    pair_table_init(&workload->table[PAIR_CLOCK_CPU], PAIR_CLOCK_CPU);
    for (int side = 0; side < COMPARE_SIDES; side++)
        workload->failure[side].status = STATUS_OK;
    round_init(workload);
    for (int m = 0; m < COMPARE_MEASURE_COUNT; m++) {
        const struct compare_measure *measure = &compare_measures[m];
        struct verdict_measure asked = {
            .is_time = measure->is_time,
            .larger_is_better = measure->larger_is_better,
            .gates = rules->gates[m],
            .threshold = rules->threshold[m],
            .tolerance = measure->tolerance,
        };
        /* What is exact is there when both sides have a value. */
        verdict_cell_init(&workload->cell[m].verdict, &asked);
        workload->cell[m].available =
            rules->verdict.looks[0] > 0 && workload->beside[pass_of(workload, m)];
        workload->cell[m].value[COMPARE_BASE] = workload->cell[m].value[COMPARE_NEW] = NAN;
    }
}

void evidence_release(struct compare_workload *workload)
{
    pair_table_release(&workload->table[PAIR_CLOCK_WALL]);
    pair_table_release(&workload->table[PAIR_CLOCK_CPU]);
    for (int m = 0; m < COMPARE_MEASURE_COUNT; m++)
        for (int side = 0; side < COMPARE_SIDES; side++)
            free(workload->column[m].value[side]);
    round_release(workload);
}

/* ---- columns ------------------------------------------------------------------ */

static int reserve(struct compare_column *column)
{
    if (column->count[COMPARE_BASE] < column->capacity)
        return 0;
    size_t capacity = column->capacity == 0 ? FIRST_CAPACITY : 2 * column->capacity;
    for (int side = 0; side < COMPARE_SIDES; side++) {
        double *grown = reallocarray(column->value[side], capacity * column->laps, sizeof *grown);
        if (grown == NULL)
            return -1;
        column->value[side] = grown;
    }
    column->capacity = capacity;
    return 0;
}

/* Rates are of laps, since whole trials are what noise is in. */
static size_t laps_of(enum compare_measure_name measure, const struct compare_workload *workload)
{
    return measure == MEASURE_THROUGHPUT ? workload->table[PAIR_CLOCK_WALL].laps : 1;
}

static double lap_value(enum compare_measure_name measure, const struct trial_record *trial,
                        size_t lap)
{
    if (measure != MEASURE_THROUGHPUT || trial->lap == NULL || trial->laps <= 0)
        return compare_measure_value(measure, trial);
    const struct lap_sample *sample = &trial->lap[lap];
    return sample->operations > 0 ? (double)sample->operations / (double)sample->wall_ns : NAN;
}

/* Appends the pair; a value that is missing makes the cell unavailable for good. */
static int add_values(struct compare_workload *workload, enum compare_measure_name measure)
{
    const struct trial_record *trials = workload->round.held[pass_of(workload, measure)];
    struct compare_cell *cell = &workload->cell[measure];
    struct compare_column *column = &workload->column[measure];
    column->laps = laps_of(measure, workload);
    if (reserve(column) < 0)
        return -1;
    for (int side = 0; side < COMPARE_SIDES; side++) {
        size_t place = column->count[side]++ * column->laps;
        for (size_t lap = 0; lap < column->laps; lap++) {
            double value = lap_value(measure, &trials[side], lap);
            column->value[side][place + lap] = value;
            if (isfinite(value))
                continue;
            cell->available = false;
            cell->thin |= compare_measure_is_thin(measure, &trials[side]);
        }
    }
    return 0;
}

/* What a trial cannot tell, its schedule's time for one, a comparison does not judge. */
static void drop_untold(struct compare_workload *workload, const struct trial_record *trial)
{
    for (int m = 0; m < COMPARE_MEASURE_COUNT; m++)
        if (compare_measure_is_of_the_schedule((enum compare_measure_name)m) &&
            isnan(compare_measure_value((enum compare_measure_name)m, trial)))
            workload->cell[m].available = false;
}

bool evidence_needs(const struct compare_workload *workload, enum pass pass)
{
    for (int m = 0; m < COMPARE_MEASURE_COUNT; m++)
        if (pass_of(workload, m) == pass && workload->cell[m].available &&
            !workload->cell[m].verdict.settled)
            return true;
    return false;
}

void evidence_drop(struct compare_workload *workload, enum pass pass)
{
    for (int m = 0; m < COMPARE_MEASURE_COUNT; m++)
        if (pass_of(workload, m) == pass)
            workload->cell[m].available = false;
}

int evidence_add_pair(struct compare_workload *workload)
{
    const struct trial_record *base = &workload->round.held[PASS_TIMED][COMPARE_BASE];
    const struct trial_record *new = &workload->round.held[PASS_TIMED][COMPARE_NEW];
    if (pair_table_add(&workload->table[PAIR_CLOCK_WALL], base, new) < 0)
        return -1;
    drop_untold(workload, base);
    drop_untold(workload, new);
    if (workload->cell[MEASURE_CPU].available &&
        pair_table_add(&workload->table[PAIR_CLOCK_CPU], base, new) < 0) {
        if (errno != EINVAL)
            return -1;
        workload->cell[MEASURE_CPU].available = false;
    }
    for (int m = 0; m < COMPARE_MEASURE_COUNT; m++) {
        enum compare_measure_name measure = (enum compare_measure_name)m;
        if (!is_timed(measure) && !compare_measure_is_exact(measure) &&
            workload->round.expected[pass_of(workload, m)] && workload->cell[m].available &&
            add_values(workload, measure) < 0)
            return -1;
    }
    workload->pairs++;
    return 0;
}

struct verdict_pairs evidence_pairs(const struct compare_workload *workload,
                                    enum compare_measure_name measure)
{
    if (is_timed(measure))
        return pair_table_pairs(
            &workload->table[measure == MEASURE_TIME ? PAIR_CLOCK_WALL : PAIR_CLOCK_CPU]);
    const struct compare_column *column = &workload->column[measure];
    return (struct verdict_pairs){.pairs = column->count[COMPARE_BASE],
                                  .laps = column->laps,
                                  .base = column->value[COMPARE_BASE],
                                  .new = column->value[COMPARE_NEW]};
}

/* ---- exact measures ----------------------------------------------------------- */

static bool repeats(const struct compare_exact *exact)
{
    for (int side = 0; side < COMPARE_SIDES; side++)
        for (size_t i = 1; i < exact->count[side]; i++)
            if (exact->value[side][i] != exact->value[side][0])
                return false;
    return true;
}

/* Threads interleave as they like, and nobody knows what a program looks at: of two values a side,
 * all of one may lie above all of the other by chance, one time in three. */
static void doubt(struct compare_cell *cell, const struct compare_exact *exact,
                  const struct workload_spec *spec)
{
    bool is_sure = spec->threads <= 1 && spec->kind != WORKLOAD_PROGRAM;
    if (is_sure || repeats(exact) || cell->verdict.verdict == VERDICT_SAME)
        return;
    cell->verdict.verdict = VERDICT_UNDECIDED;
    cell->verdict.reason = REASON_UNREPEATABLE;
}

static void add_exact_value(struct compare_workload *workload, enum compare_measure_name measure,
                            enum compare_side side, double value)
{
    struct compare_cell *cell = &workload->cell[measure];
    struct compare_exact *exact = &workload->exact[measure];
    if (isnan(value) || exact->count[side] == COMPARE_INSPECTIONS)
        return;
    exact->value[side][exact->count[side]++] = value;
    if (exact->count[COMPARE_BASE] == 0 || exact->count[COMPARE_NEW] == 0)
        return;
    cell->available = true;
    for (int s = 0; s < COMPARE_SIDES; s++)
        cell->value[s] = exact->value[s][0];
    verdict_exact(&cell->verdict,
                  (struct verdict_values){exact->value[COMPARE_BASE], exact->count[COMPARE_BASE]},
                  (struct verdict_values){exact->value[COMPARE_NEW], exact->count[COMPARE_NEW]});
    doubt(cell, exact, workload->spec);
}

void evidence_add_exact(struct compare_workload *workload, enum compare_side side,
                        const struct trial_record *trial)
{
    for (int m = 0; m < COMPARE_MEASURE_COUNT; m++)
        if (compare_measure_is_exact((enum compare_measure_name)m) &&
            pass_of(workload, m) == trial->key.pass)
            add_exact_value(workload, (enum compare_measure_name)m, side,
                            compare_measure_value((enum compare_measure_name)m, trial));
}

/* ---- looks -------------------------------------------------------------------- */

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

/* What is shown beside the ratio: a typical trial of either side. */
static int note_values(struct compare_cell *cell, enum compare_measure_name measure,
                       const struct verdict_pairs *pairs)
{
    const double *whole[] = {pairs->base_whole != NULL ? pairs->base_whole : pairs->base,
                             pairs->new_whole != NULL ? pairs->new_whole : pairs->new};
    size_t count = pairs->base_whole != NULL ? pairs->pairs : pairs->pairs * pairs->laps;
    /* Of laps: calls in a nanosecond. */
    double unit = measure == MEASURE_THROUGHPUT && pairs->laps > 1 ? 1e9 : 1;
    for (int side = 0; side < COMPARE_SIDES; side++) {
        if (median_of(whole[side], count, &cell->value[side]) < 0)
            return -1;
        cell->value[side] *= unit;
    }
    return 0;
}

/* Cells that are clear stay as they are: a further look could only blur them. */
static int look_at(struct comparison *comparison, struct compare_workload *workload,
                   enum compare_measure_name measure)
{
    struct compare_cell *cell = &workload->cell[measure];
    struct verdict_pairs pairs = evidence_pairs(workload, measure);
    if (!cell->available || compare_measure_is_exact(measure) || cell->verdict.settled)
        return 0;
    if (note_values(cell, measure, &pairs) < 0)
        return -1;
    if (verdict_look(&cell->verdict, &comparison->rules.verdict, &pairs) == 0)
        return 0;
    if (errno != EINVAL)
        return -1;
    cell->available = false;
    return 0;
}

/* Also cells without a look are in the family from the start, with a p of 1: it must not grow
 * behind a verdict. */
static int decide_all(struct comparison *comparison)
{
    size_t count = 0;
    struct verdict_cell **cells =
        calloc(comparison->workloads * COMPARE_MEASURE_COUNT + 1, sizeof(struct verdict_cell *));
    if (cells == NULL)
        return -1;
    for (size_t w = 0; w < comparison->workloads; w++)
        for (int m = 0; m < COMPARE_MEASURE_COUNT; m++) {
            struct compare_cell *cell = &comparison->workload[w].cell[m];
            if (cell->available && !compare_measure_is_exact((enum compare_measure_name)m))
                cells[count++] = &cell->verdict;
        }
    int result = verdict_decide(cells, count, &comparison->rules.verdict);
    free(cells);
    return result;
}

static bool is_settled(const struct compare_workload *workload)
{
    for (int m = 0; m < COMPARE_MEASURE_COUNT; m++) {
        const struct compare_cell *cell = &workload->cell[m];
        if (cell->available && cell->verdict.measure.gates && !cell->verdict.settled)
            return false;
    }
    return workload->seen > 0;
}

int evidence_look(struct comparison *comparison, struct compare_workload *workload)
{
    const struct verdict_rules *rules = &comparison->rules.verdict;
    size_t look = 0;
    while (look < rules->look_count && rules->looks[look] != workload->pairs)
        look++;
    if (look == rules->look_count)
        return 0;
    for (int m = 0; m < COMPARE_MEASURE_COUNT; m++)
        if (look_at(comparison, workload, (enum compare_measure_name)m) < 0)
            return -1;
    workload->seen = workload->pairs;
    if (decide_all(comparison) < 0)
        return -1;
    /* One that has become clear may make another's evidence suffice. */
    for (size_t w = 0; w < comparison->workloads; w++)
        comparison->workload[w].settled = is_settled(&comparison->workload[w]);
    return 0;
}
