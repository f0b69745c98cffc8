/* The evidence of a cell: its scale, and what each track says at a look. See the header. */
#include "verdict.h"

#include "floor_ratio.h"
#include "order_statistic.h"
#include "signed_rank.h"
#include "steady_shift.h"
#include "verdict_internal.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const struct verdict_rules verdict_rules_default = {
    .alpha = 0.01, .looks = {20, 40, 80},
         .look_count = 3, .family = 1, .seed = 1
};

const struct verdict_estimate verdict_no_estimate = {NAN, NAN, NAN};

void verdict_cell_init(struct verdict_cell *cell, const struct verdict_measure *measure)
{
    *cell = (struct verdict_cell){
        .measure = *measure, .level = NAN, .p = 1, .p_family = 1, .reason = REASON_FEW};
    for (size_t t = 0; t < TRACK_COUNT; t++) {
        cell->track[t] = verdict_no_estimate;
        cell->track_p[t] = NAN;
    }
    cell->whole = verdict_no_estimate;
}

double verdict_half_width(const struct verdict_estimate *estimate)
{
    double width = estimate->high - estimate->low;
    return isnan(width) ? INFINITY : width / 2;
}

static bool all_positive(struct verdict_values values)
{
    for (size_t i = 0; i < values.count; i++)
        if (!(values.values[i] > 0))
            return false;
    return true;
}

int verdict_set_scale(struct verdict_cell *cell, struct verdict_values base,
                      struct verdict_values new)
{
    const struct verdict_measure *measure = &cell->measure;
    double *sorted = reallocarray(NULL, base.count + 1, sizeof *sorted);
    if (sorted == NULL)
        return -1;
    memcpy(sorted, base.values, base.count * sizeof *sorted);
    double typical = order_statistic_median(sorted, base.count);
    free(sorted);
    cell->typical = typical;
    /* Ratios of what is within the tolerance of nothing would be noise without bounds. */
    cell->is_ratio = all_positive(base) && all_positive(new) && typical > measure->tolerance;
    double threshold =
        cell->is_ratio ? log1p(measure->threshold) : measure->threshold * fabs(typical);
    double tolerance = cell->is_ratio ? log1p(measure->tolerance / typical) : measure->tolerance;
    cell->zone = fmax(threshold, tolerance);
    cell->least = fmax(threshold / 2, tolerance);
    return 0;
}

int verdict_pair_values(const struct verdict_pairs *pairs, bool is_ratio, double *values)
{
    double *scratch = reallocarray(NULL, pairs->laps + 1, sizeof *scratch);
    if (scratch == NULL)
        return -1;
    for (size_t i = 0; i < pairs->pairs; i++) {
        const double *base = pairs->base + i * pairs->laps, *new = pairs->new + i * pairs->laps;
        for (size_t lap = 0; lap < pairs->laps; lap++)
            scratch[lap] = is_ratio ? log(new[lap] / base[lap]) : new[lap] - base[lap];
        values[i] = order_statistic_median(scratch, pairs->laps);
    }
    free(scratch);
    return 0;
}

/* What one track may spend at one look. */
static double level_of(const struct verdict_cell *cell, const struct verdict_rules *rules)
{
    size_t tracks = cell->measure.is_time ? TRACK_COUNT : 1;
    return rules->alpha / (double)(rules->look_count * tracks);
}

/* Estimate, interval and p of differences; `p` may be NULL. */
static int judge_differences(const double *differences, size_t count, double alpha,
                             struct verdict_estimate *estimate, double *p)
{
    struct shift shift;
    if (signed_rank_shift(differences, count, alpha, &shift) != 0)
        return -1;
    *estimate = (struct verdict_estimate){shift.value, shift.low, shift.high};
    if (p != NULL && isnan(*p = signed_rank_p(differences, count, TAIL_BOTH))) {
        errno = ENOMEM;
        return -1;
    }
    return 0;
}

/* The same of times, of which disturbances pull some pairs far off. */
static int judge_times(const struct steady_pairs *pairs, double alpha,
                       struct verdict_estimate *estimate, double *p)
{
    struct shift shift;
    if (steady_shift(pairs, alpha, &shift) != 0 || isnan(*p = steady_shift_p(pairs, 0)))
        return -1;
    *estimate = (struct verdict_estimate){shift.value, shift.low, shift.high};
    return 0;
}

static int judge_laps(struct verdict_cell *cell, const struct verdict_rules *rules,
                      const struct verdict_pairs *pairs)
{
    double *values = reallocarray(NULL, pairs->pairs + 1, sizeof *values);
    double alpha = level_of(cell, rules), *p = &cell->track_p[TRACK_LAPS];
    struct verdict_estimate *estimate = &cell->track[TRACK_LAPS];
    struct steady_pairs steady = {values, pairs->order, pairs->pairs};
    int result = -1;
    if (values != NULL && verdict_pair_values(pairs, cell->is_ratio, values) == 0)
        result = cell->measure.is_time
                     ? judge_times(&steady, alpha, estimate, p)
                     : judge_differences(values, pairs->pairs, alpha, estimate, p);
    free(values);
    return result;
}

static int judge_whole(struct verdict_cell *cell, const struct verdict_rules *rules,
                       const struct verdict_pairs *pairs)
{
    struct verdict_pairs whole = {.pairs = pairs->pairs, .laps = 1};
    double *values = reallocarray(NULL, pairs->pairs + 1, sizeof *values);
    int result = -1;
    whole.base = pairs->base_whole;
    whole.new = pairs->new_whole;
    if (values != NULL && verdict_pair_values(&whole, cell->is_ratio, values) == 0)
        result = judge_differences(values, pairs->pairs, level_of(cell, rules), &cell->whole, NULL);
    free(values);
    return result;
}

/* So many flips that p can be at most `level` with at least one hit beside the observed one, that
 * (1 + flips) x level is a whole number if 1 / level is, and 999 at least. */
static size_t flips_for(double level)
{
    double hits = ceil(fmax(2, 1000 * level));
    return (size_t)ceil(hits / level - 1e-6) - 1;
}

static int judge_floor(struct verdict_cell *cell, const struct verdict_rules *rules,
                       const struct verdict_pairs *pairs)
{
    enum { ENOUGH_HITS = 50 };
    struct floor_ratio floors;
    double level = level_of(cell, rules);
    size_t family = cell->measure.gates && rules->family > 1 ? rules->family : 1;
    /* Different seeds make looks differ in nothing that matters; one is as good. */
    struct floor_flips flips = {flips_for(level), 0, rules->seed};
    if (floor_ratio_init(&floors, pairs->base, pairs->new, pairs->pairs, pairs->laps) != 0)
        return -1;
    struct verdict_estimate *estimate = &cell->track[TRACK_FLOOR];
    struct floor_interval interval = floor_ratio_interval(&floors, level, &flips);
    *estimate =
        (struct verdict_estimate){floor_ratio_estimate(&floors), interval.low, interval.high};
    flips = (struct floor_flips){flips_for(level / (double)family), ENOUGH_HITS, rules->seed};
    cell->track_p[TRACK_FLOOR] = floor_ratio_p(&floors, 0, &flips);
    floor_ratio_release(&floors);
    return 0;
}

/* Lets the tracks' p at this look into the p of the cell. */
static void spend(struct verdict_cell *cell, const struct verdict_rules *rules)
{
    for (size_t t = 0; t < TRACK_COUNT; t++) {
        double p = cell->track_p[t] * rules->alpha / level_of(cell, rules);
        if (p < cell->p) {
            cell->p = p;
            cell->direction = (cell->track[t].value > 0) - (cell->track[t].value < 0);
        }
    }
}

static void report_narrower(struct verdict_cell *cell, const struct verdict_rules *rules)
{
    double laps = verdict_half_width(&cell->track[TRACK_LAPS]);
    double floors = verdict_half_width(&cell->track[TRACK_FLOOR]);
    cell->reported = floors < laps ? TRACK_FLOOR : TRACK_LAPS;
    cell->level = isinf(fmin(laps, floors)) ? NAN : 1 - rules->alpha;
}

int verdict_look(struct verdict_cell *cell, const struct verdict_rules *rules,
                 const struct verdict_pairs *pairs)
{
    struct verdict_pairs seen = *pairs;
    if (cell->look >= rules->look_count || pairs->pairs < rules->looks[cell->look] ||
        rules->looks[cell->look] == 0 || pairs->laps == 0) {
        errno = EINVAL;
        return -1;
    }
    seen.pairs = rules->looks[cell->look];
    struct verdict_values base = {seen.base, seen.pairs * seen.laps}, new = {seen.new, base.count};
    if (verdict_set_scale(cell, base, new) != 0)
        return -1;
    if (cell->measure.is_time && !cell->is_ratio) {
        errno = EINVAL;
        return -1;
    }
    if (judge_laps(cell, rules, &seen) != 0)
        return -1;
    if (cell->measure.is_time && judge_floor(cell, rules, &seen) != 0)
        return -1;
    if (seen.base_whole != NULL && seen.new_whole != NULL && judge_whole(cell, rules, &seen) != 0)
        return -1;
    cell->design = DESIGN_PAIRED;
    cell->pairs = seen.pairs;
    cell->look++;
    spend(cell, rules);
    report_narrower(cell, rules);
    return 0;
}
