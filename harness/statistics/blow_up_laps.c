/* Blow-up lap by lap; see blow_up_laps.h. */
#include "blow_up_laps.h"

#include "order_statistic.h"
#include "summary_internal.h"

#include <math.h>
#include <stdlib.h>

enum { PARTS = 5 };

static int64_t laps_of(const struct trial_record *trial)
{
    return trial->laps > 0 ? trial->laps : 0; /* MEASURE_NONE is below 0 */
}

/* The largest of a lap's samples, into largest[lap - 1], where it is larger than what stands there.
 */
static void raise_to(const struct trial_record *trial, bool live, double *largest)
{
    for (int64_t i = 0; trial->timeline != NULL && i < trial->sampled; i++) {
        const struct timeline_point *point = &trial->timeline[i];
        double bytes = (double)(live ? point->live_bytes : point->rss_bytes);
        if (point->lap >= 1 && point->lap <= laps_of(trial))
            largest[point->lap - 1] = fmax(largest[point->lap - 1], bytes); /* fmax(NAN, x) is x */
    }
}

/* values[] from the largest RSS of each lap to its growth over live[]. */
static void divide(const struct trial_record *trial, const double *live, double *values)
{
    const struct checkpoint_record *start = &trial->checkpoints[CHECKPOINT_START];
    bool based = start->reached && start->vm_rss_bytes != MEASURE_NONE;
    for (int64_t i = 0; i < laps_of(trial); i++)
        values[i] = based && live[i] >= SUMMARY_LIVE_MINIMUM_BYTES
                        ? (values[i] - (double)start->vm_rss_bytes) / live[i]
                        : NAN;
}

static void clear(double *values, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        values[i] = NAN;
}

void blow_up_by_lap(const struct trial_record *trial, const double *live, double *values)
{
    clear(values, laps_of(trial));
    raise_to(trial, false, values);
    divide(trial, live, values);
}

/* A timed trial that is OK and has so many laps. */
static bool is_fit(const struct trial_record *trial, int64_t laps)
{
    return trial->status == STATUS_OK && trial->key.pass == PASS_TIMED && laps_of(trial) == laps;
}

void blow_up_live_by_lap(const struct run *run, size_t workload, int64_t laps, double *live)
{
    clear(live, laps);
    for (size_t i = 0; i < run->trial_count; i++)
        if (run->trials[i].key.workload == workload && is_fit(&run->trials[i], laps))
            raise_to(&run->trials[i], true, live);
}

static struct estimate estimate_of(double *values, size_t count)
{
    struct estimate estimate = summary_no_estimate;
    if (count == 0)
        return estimate;
    order_statistic_sort(values, count);
    estimate.value = order_statistic_median_sorted(values, count);
    estimate.count = count;
    size_t rank = order_statistic_interval_rank(count, SUMMARY_ALPHA);
    if (rank > 0) {
        estimate.low = values[rank - 1];
        estimate.high = values[count - rank];
    }
    return estimate;
}

/* Of the lap, over the rows of `values`, one a trial. Whether there is a figure. */
static bool fill_lap(struct estimate *estimate, const double *values, size_t trials, int64_t laps,
                     double *column)
{
    size_t count = 0;
    for (size_t t = 0; t < trials; t++)
        if (isfinite(values[t * (size_t)laps]))
            column[count++] = values[t * (size_t)laps];
    *estimate = estimate_of(column, count);
    return count > 0;
}

int64_t blow_up_curve(const struct summary *summary, size_t workload, size_t allocator,
                      struct estimate **curve)
{
    struct trial_span span = summary_span(summary, workload, allocator, PASS_TIMED);
    int64_t laps = 0;
    size_t trials = 0;
    bool any = false;
    *curve = NULL;
    for (size_t t = 0; t < span.count; t++)
        if (span.trials[t]->status == STATUS_OK && laps_of(span.trials[t]) > laps)
            laps = laps_of(span.trials[t]);
    if (laps == 0)
        return 0;
    double *values = calloc((span.count + 1) * (size_t)laps + span.count, sizeof *values);
    double *live = values + span.count * (size_t)laps;
    *curve = calloc((size_t)laps, sizeof **curve);
    if (values == NULL || *curve == NULL) {
        free(values);
        free(*curve);
        *curve = NULL;
        return -1;
    }
    blow_up_live_by_lap(summary->run, workload, laps, live);
    for (size_t t = 0; t < span.count; t++)
        if (is_fit(span.trials[t], laps))
            blow_up_by_lap(span.trials[t], live, values + trials++ * (size_t)laps);
    for (int64_t lap = 0; lap < laps; lap++)
        any |= fill_lap(&(*curve)[lap], values + lap, trials, laps, live + laps);
    free(values);
    if (any)
        return laps;
    free(*curve);
    *curve = NULL;
    return 0;
}

/* Of `count` laps those that have a figure; the blocks behind it are those of any of them. */
static struct estimate mean_of(const struct estimate *laps, int64_t count)
{
    struct estimate mean = summary_no_estimate;
    double sum = 0;
    int64_t seen = 0;
    for (int64_t i = 0; i < count; i++)
        if (isfinite(laps[i].value)) {
            sum += laps[i].value;
            mean.count = laps[i].count > mean.count ? laps[i].count : mean.count;
            seen++;
        }
    if (seen > 0)
        mean.value = sum / (double)seen;
    return mean;
}

void blow_up_fill(const struct summary *summary, size_t workload, size_t allocator,
                  struct summary_cell *cell)
{
    struct estimate *curve;
    int64_t laps = blow_up_curve(summary, workload, allocator, &curve), part = laps / PARTS;
    if (laps < PARTS) {
        free(curve);
        return;
    }
    cell->blow_up_early = mean_of(curve, part);
    cell->blow_up_late = cell->blow_up_growth = mean_of(curve + laps - part, part);
    if (cell->blow_up_early.value > 0)
        cell->blow_up_growth.value /= cell->blow_up_early.value;
    else
        cell->blow_up_growth = summary_no_estimate;
    free(curve);
}
