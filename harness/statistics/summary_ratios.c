/*
 * Ratios to the reference, paired by block: the trial of an allocator and the trial of the
 * reference in the same block ran near each other, in an order drawn by lot, so that what
 * disturbed one is likely to have disturbed the other, and what is left has no side.
 */
#include "order_statistic.h"
#include "signed_rank.h"
#include "summary_internal.h"

#include <math.h>

/* log(b / a), NAN unless both are above 0. */
static double log_ratio(int64_t a, int64_t b)
{
    return a > 0 && b > 0 ? log((double)b / (double)a) : NAN;
}

struct pair {
    const struct trial_record *reference, *trial; /* both OK */
};

/* A schedule's time is no allocator's. */
static bool is_paced(const struct pair *pair)
{
    return pair->reference->paced == 1 || pair->trial->paced == 1;
}

enum clock { CLOCK_OF_WALL, CLOCK_OF_CPU };

static int64_t lap_ns(const struct trial_record *trial, int64_t lap, enum clock clock)
{
    return clock == CLOCK_OF_WALL ? trial->lap[lap].wall_ns : trial->lap[lap].cpu_ns;
}

/* log(time of the trial / time of the reference): the median over laps, since a disturbance
 * lasts for some laps and the median does not see it. Different numbers of laps are different
 * work: NAN. Without laps, the wholes. */
static double pair_value(const struct pair *pair, enum clock clock, double *scratch)
{
    const struct trial_record *a = pair->reference, *b = pair->trial;
    if (a->lap == NULL && b->lap == NULL)
        return clock == CLOCK_OF_WALL ? log_ratio(a->wall_ns, b->wall_ns)
                                      : log_ratio(a->cpu_ns, b->cpu_ns);
    if (a->lap == NULL || b->lap == NULL || a->laps != b->laps)
        return NAN;
    size_t count = 0;
    for (int64_t i = 0; i < a->laps; i++) {
        double value = log_ratio(lap_ns(a, i, clock), lap_ns(b, i, clock));
        if (!isnan(value))
            scratch[count++] = value;
    }
    return order_statistic_median(scratch, count);
}

double summary_log_cpu_ratio(const struct trial_record *reference, const struct trial_record *trial,
                             double *scratch)
{
    struct pair pair = {reference, trial};
    return is_paced(&pair) ? NAN : pair_value(&pair, CLOCK_OF_CPU, scratch);
}

/* The value of one block, or NAN when either side is missing. */
static double block_value(const struct summary *summary, const struct trial_key *key,
                          enum clock clock, double *scratch)
{
    struct trial_key reference_key = *key;
    reference_key.allocator = (unsigned)summary->reference;
    struct pair pair = {summary_trial(summary, &reference_key), summary_trial(summary, key)};
    if (pair.reference == NULL || pair.trial == NULL || is_paced(&pair))
        return NAN;
    return pair_value(&pair, clock, scratch);
}

int summary_estimate_ratio(const double *logs, size_t count, int sign, struct estimate *estimate)
{
    struct shift shift;
    *estimate = summary_no_estimate;
    if (signed_rank_shift(logs, count, SUMMARY_ALPHA, &shift) != 0)
        return -1;
    estimate->count = count;
    estimate->value = exp(sign * shift.value);
    estimate->low = exp(sign * (sign > 0 ? shift.low : shift.high));
    estimate->high = exp(sign * (sign > 0 ? shift.high : shift.low));
    return 0;
}

static struct estimate exactly_one(size_t count)
{
    struct estimate one = summary_no_estimate;
    if (count > 0) {
        one.value = 1;
        one.count = count;
    }
    return one;
}

static int fill_ratio(struct summary *summary, const struct trial_key *cell_key, enum clock clock,
                      double *values)
{
    struct trial_span span =
        summary_span(summary, cell_key->workload, cell_key->allocator, PASS_TIMED);
    struct summary_cell *cell =
        summary_cell_mutable(summary, cell_key->workload, cell_key->allocator);
    struct estimate *estimate = clock == CLOCK_OF_WALL ? &cell->speed : &cell->cpu_ratio;
    size_t count = 0;
    for (size_t i = 0; i < span.count; i++) {
        double value = block_value(summary, &span.trials[i]->key, clock, values + count);
        if (!isnan(value))
            values[count++] = value;
    }
    if (cell_key->allocator == (unsigned)summary->reference) {
        *estimate = exactly_one(count);
        return 0;
    }
    /* Speed is the inverse of time. */
    return summary_estimate_ratio(values, count, clock == CLOCK_OF_WALL ? -1 : 1, estimate);
}

int summary_fill_ratios(struct summary *summary, size_t workload, size_t allocator, double *values)
{
    struct trial_key key = {(unsigned)workload, (unsigned)allocator, 0, PASS_TIMED};
    if (fill_ratio(summary, &key, CLOCK_OF_WALL, values) != 0)
        return -1;
    return fill_ratio(summary, &key, CLOCK_OF_CPU, values);
}

/* Whether the workload says something about allocators, and the reference has it. Under a page
 * of live bytes there is at most the bookkeeping of a workload that does not allocate. */
static bool workload_counts(const struct summary *summary, size_t workload)
{
    enum { PAGE_BYTES = 4096 };
    const struct summary_cell *cell = summary_cell(summary, workload, (size_t)summary->reference);
    bool allocates = !(cell->peak_live.value < PAGE_BYTES); /* NAN: a program, which does */
    return cell->status == STATUS_OK && cell->speed.count > 0 && allocates;
}

static bool mean_includes(const struct summary *summary, size_t workload, size_t allocator)
{
    const struct summary_cell *cell = summary_cell(summary, workload, allocator);
    return workload_counts(summary, workload) && cell->status == STATUS_OK && cell->speed.count > 0;
}

/* The mean of one block over the workloads; NAN when one of them lacks the block. */
static double block_mean(const struct summary *summary, size_t allocator, unsigned block,
                         double *scratch)
{
    double sum = 0;
    size_t count = 0;
    for (size_t w = 0; w < summary->run->workload_count; w++) {
        struct trial_key key = {(unsigned)w, (unsigned)allocator, block, PASS_TIMED};
        if (!mean_includes(summary, w, allocator))
            continue;
        sum += block_value(summary, &key, CLOCK_OF_WALL, scratch);
        count++;
    }
    return count > 0 ? sum / (double)count : NAN;
}

unsigned summary_blocks(const struct run *run)
{
    unsigned blocks = 0;
    for (size_t i = 0; i < run->trial_count; i++)
        if (run->trials[i].key.pass == PASS_TIMED && run->trials[i].key.block >= blocks)
            blocks = run->trials[i].key.block + 1;
    return blocks;
}

static int fill_mean_speed(struct summary *summary, size_t allocator, double *values)
{
    struct summary_mean *mean = &summary->mean[allocator];
    unsigned blocks = summary_blocks(summary->run);
    size_t count = 0;
    for (unsigned block = 0; block < blocks; block++) {
        double value = block_mean(summary, allocator, block, values + count);
        if (!isnan(value))
            values[count++] = value;
    }
    if ((int)allocator == summary->reference) {
        mean->speed = exactly_one(count);
        return 0;
    }
    return summary_estimate_ratio(values, count, -1, &mean->speed);
}

static double mean_memory(const struct summary *summary, size_t allocator, double *values)
{
    size_t count = 0;
    for (size_t w = 0; w < summary->run->workload_count; w++) {
        double own = summary_cell(summary, w, allocator)->peak_rss.value;
        double other = summary_cell(summary, w, (size_t)summary->reference)->peak_rss.value;
        if (mean_includes(summary, w, allocator) && own > 0 && other > 0)
            values[count++] = own / other;
    }
    return geometric_mean(values, count);
}

static bool is_full(const struct summary *summary, const struct summary_mean *mean)
{
    return mean->workloads > 0 && mean->workloads == summary->mean_workloads &&
           !isnan(mean->speed.value) && !isnan(mean->memory);
}

static bool beats(const struct summary_mean *a, const struct summary_mean *b)
{
    bool as_good = a->speed.value >= b->speed.value && a->memory <= b->memory;
    bool better = a->speed.value > b->speed.value || a->memory < b->memory;
    return as_good && better;
}

static enum frontier find_frontier(const struct summary *summary, const struct summary_mean *mean)
{
    if (!is_full(summary, mean))
        return FRONTIER_UNKNOWN;
    for (size_t a = 0; a < summary->run->allocator_count; a++)
        if (is_full(summary, &summary->mean[a]) && beats(&summary->mean[a], mean))
            return FRONTIER_BEATEN;
    return FRONTIER_ON;
}

int summary_fill_means(struct summary *summary, double *values)
{
    const struct run *run = summary->run;
    for (size_t w = 0; w < run->workload_count && run->allocator_count > 0; w++)
        summary->mean_workloads += workload_counts(summary, w);
    for (size_t a = 0; a < run->allocator_count; a++) {
        for (size_t w = 0; w < run->workload_count; w++)
            summary->mean[a].workloads += mean_includes(summary, w, a);
        summary->mean[a].memory = mean_memory(summary, a, values);
        if (fill_mean_speed(summary, a, values) != 0)
            return -1;
    }
    for (size_t a = 0; a < run->allocator_count; a++)
        summary->mean[a].frontier = find_frontier(summary, &summary->mean[a]);
    return 0;
}
