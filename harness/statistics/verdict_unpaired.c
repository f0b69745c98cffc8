/* Verdicts without pairs: measures that repeat exactly, and series taken one after the other. */
#include "rank_sum.h"
#include "verdict.h"
#include "verdict_internal.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

struct range {
    double least, greatest;
};

static struct range range_of(struct verdict_values values)
{
    struct range range = {INFINITY, -INFINITY};
    for (size_t i = 0; i < values.count; i++) {
        range.least = fmin(range.least, values.values[i]);
        range.greatest = fmax(range.greatest, values.values[i]);
    }
    return range;
}

/* What was decided on differences is told as a ratio where there is one. */
static void tell_as_ratio(struct verdict_cell *cell, struct range before, struct range after)
{
    if (!(before.least > 0) || !(after.least > 0) || !(cell->typical > cell->measure.tolerance))
        return;
    double low = log(after.least / before.greatest), high = log(after.greatest / before.least);
    cell->is_ratio = true;
    cell->zone = cell->least = log1p(cell->zone / cell->typical);
    cell->track[TRACK_LAPS] = (struct verdict_estimate){low / 2 + high / 2, low, high};
}

void verdict_exact(struct verdict_cell *cell, struct verdict_values base, struct verdict_values new)
{
    struct verdict_measure measure = cell->measure;
    struct range before = range_of(base), after = range_of(new);
    verdict_cell_init(cell, &measure);
    cell->design = DESIGN_EXACT;
    cell->settled = true;
    cell->p = cell->p_family = NAN;
    cell->pairs = base.count < new.count ? base.count : new.count;
    if (cell->pairs == 0)
        return; /* UNDECIDED, FEW */
    double low = after.least - before.greatest, high = after.greatest - before.least;
    cell->typical = before.least / 2 + before.greatest / 2;
    double zone = cell->zone = fmax(measure.threshold * fabs(cell->typical), measure.tolerance);
    cell->least = zone;
    cell->reason = REASON_NONE;
    cell->track[TRACK_LAPS] = (struct verdict_estimate){low / 2 + high / 2, low, high};
    if (low > zone || high < -zone)
        cell->verdict = (low > zone) == measure.larger_is_better ? VERDICT_BETTER : VERDICT_WORSE;
    else if (low >= -zone && high <= zone)
        cell->verdict = VERDICT_SAME;
    else
        cell->reason = REASON_UNREPEATABLE;
    tell_as_ratio(cell, before, after);
}

/* The values themselves, or their logarithms; NULL when memory is short. */
static double *scaled(struct verdict_values values, bool is_ratio)
{
    double *out = reallocarray(NULL, values.count + 1, sizeof *out);
    for (size_t i = 0; out != NULL && i < values.count; i++)
        out[i] = is_ratio ? log(values.values[i]) : values.values[i];
    return out;
}

static int judge(struct verdict_cell *cell, double alpha, struct sample a, struct sample b)
{
    struct shift shift;
    if (rank_sum_shift(a, b, alpha, &shift) != 0)
        return -1;
    cell->track[TRACK_LAPS] = (struct verdict_estimate){shift.value, shift.low, shift.high};
    cell->p = cell->track_p[TRACK_LAPS] = rank_sum_p(a, b, TAIL_BOTH);
    if (isnan(cell->p)) {
        errno = ENOMEM;
        return -1;
    }
    cell->level = isnan(shift.low) ? NAN : 1 - alpha;
    cell->direction = (shift.value > 0) - (shift.value < 0);
    return 0;
}

int verdict_independent(struct verdict_cell *cell, const struct verdict_rules *rules,
                        struct verdict_values base, struct verdict_values new)
{
    struct verdict_measure measure = cell->measure;
    int result = -1;
    if (base.count == 0 || new.count == 0) {
        errno = EINVAL;
        return -1;
    }
    measure.gates = false;
    verdict_cell_init(cell, &measure);
    cell->design = DESIGN_INDEPENDENT;
    cell->pairs = base.count < new.count ? base.count : new.count;
    if (verdict_set_scale(cell, base, new) != 0)
        return -1;
    double *a = scaled(base, cell->is_ratio), *b = scaled(new, cell->is_ratio);
    if (a != NULL && b != NULL)
        result = judge(cell, rules->alpha, (struct sample){a, base.count},
                       (struct sample){b, new.count});
    free(a);
    free(b);
    return result;
}
