/* The summary as a whole: its life, the order of its trials, and how each cell ended. */
#include "summary.h"

#include "summary_internal.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define REFERENCE_NAME "glibc"

const struct estimate summary_no_estimate = {NAN, NAN, NAN, 0};

static int compare_numbers(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int compare_keys(const struct trial_key *a, const struct trial_key *b)
{
    int order = compare_numbers(a->workload, b->workload);
    if (order == 0)
        order = compare_numbers(a->allocator, b->allocator);
    if (order == 0)
        order = compare_numbers(a->pass, b->pass);
    return order != 0 ? order : compare_numbers(a->block, b->block);
}

static int compare_trials(const void *left, const void *right)
{
    const struct trial_record *a = *(const struct trial_record *const *)left;
    const struct trial_record *b = *(const struct trial_record *const *)right;
    return compare_keys(&a->key, &b->key);
}

/* How many trials have a key before `key`. */
static size_t count_before(const struct summary *summary, const struct trial_key *key)
{
    size_t low = 0, high = summary->run->trial_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_keys(&summary->by_key[middle]->key, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct trial_span summary_span(const struct summary *summary, size_t workload, size_t allocator,
                               enum pass pass)
{
    struct trial_key key = {(unsigned)workload, (unsigned)allocator, 0, pass};
    size_t first = count_before(summary, &key), next = first;
    while (next < summary->run->trial_count) {
        const struct trial_key *other = &summary->by_key[next]->key;
        if (other->workload != workload || other->allocator != allocator || other->pass != pass)
            break;
        next++;
    }
    return (struct trial_span){summary->by_key + first, next - first};
}

const struct trial_record *summary_trial(const struct summary *summary, const struct trial_key *key)
{
    size_t place = count_before(summary, key);
    if (place == summary->run->trial_count)
        return NULL;
    const struct trial_record *trial = summary->by_key[place];
    bool found = compare_keys(&trial->key, key) == 0 && trial->status == STATUS_OK;
    return found ? trial : NULL;
}

static int compare_walls(const void *left, const void *right)
{
    const struct trial_record *a = *(const struct trial_record *const *)left;
    const struct trial_record *b = *(const struct trial_record *const *)right;
    int order = compare_numbers(a->wall_ns, b->wall_ns);
    return order != 0 ? order : compare_numbers(a->key.block, b->key.block);
}

const struct trial_record *summary_median_trial(const struct summary *summary, size_t workload,
                                                size_t allocator, enum pass pass)
{
    struct trial_span span = summary_span(summary, workload, allocator, pass);
    const struct trial_record *median = NULL, **sampled;
    size_t count = 0;
    sampled = calloc(span.count + 1, sizeof *sampled);
    if (sampled == NULL)
        return NULL;
    for (size_t i = 0; i < span.count; i++)
        if (span.trials[i]->status == STATUS_OK && span.trials[i]->sampled > 0)
            sampled[count++] = span.trials[i];
    qsort(sampled, count, sizeof *sampled, compare_walls);
    if (count > 0)
        median = sampled[(count - 1) / 2];
    free(sampled);
    return median;
}

struct summary_cell *summary_cell_mutable(struct summary *summary, size_t workload,
                                          size_t allocator)
{
    return &summary->cell[workload * summary->run->allocator_count + allocator];
}

const struct summary_cell *summary_cell(const struct summary *summary, size_t workload,
                                        size_t allocator)
{
    return &summary->cell[workload * summary->run->allocator_count + allocator];
}

static bool status_is_failure(enum trial_status status)
{
    return status != STATUS_OK && status != STATUS_PLANNED && status != STATUS_SKIPPED;
}

/* What makes every figure of the allocator doubtful, in whatever pass it shows. */
static bool status_is_disqualifying(enum trial_status status)
{
    return status == STATUS_CRASHED || status == STATUS_CORRUPT || status == STATUS_NOT_INJECTED;
}

/* The first trial of the span, in the order they were planned in, with such a status. */
static const struct trial_record *first_with(struct trial_span span,
                                             bool (*wanted)(enum trial_status))
{
    const struct trial_record *first = NULL;
    for (size_t i = 0; i < span.count; i++)
        if (wanted(span.trials[i]->status) && (first == NULL || span.trials[i]->id < first->id))
            first = span.trials[i];
    return first;
}

static bool status_is_skipped(enum trial_status status)
{
    return status == STATUS_SKIPPED;
}

static void count_timed(struct summary_cell *cell, struct trial_span timed)
{
    cell->planned = timed.count;
    for (size_t i = 0; i < timed.count; i++) {
        cell->ok += timed.trials[i]->status == STATUS_OK;
        cell->skipped += timed.trials[i]->status == STATUS_SKIPPED;
    }
}

void summary_fill_status(struct summary *summary, size_t workload, size_t allocator)
{
    static const enum pass untimed[] = {PASS_INSPECT, PASS_MEMORY, PASS_LATENCY, PASS_INSTRUCTIONS};
    struct summary_cell *cell = summary_cell_mutable(summary, workload, allocator);
    struct trial_span timed = summary_span(summary, workload, allocator, PASS_TIMED);
    count_timed(cell, timed);
    cell->status = cell->ok > 0 ? STATUS_OK : STATUS_PLANNED;
    cell->untimed_status = STATUS_OK;
    cell->detail = cell->untimed_detail = "";
    const struct trial_record *decides = first_with(timed, status_is_failure);
    for (size_t i = 0; i < sizeof untimed / sizeof *untimed; i++) {
        struct trial_span span = summary_span(summary, workload, allocator, untimed[i]);
        const struct trial_record *failed = first_with(span, status_is_failure);
        if (decides == NULL)
            decides = first_with(span, status_is_disqualifying);
        if (failed == NULL || failed == decides || cell->untimed_status != STATUS_OK)
            continue;
        cell->untimed_status = failed->status;
        cell->untimed_pass = untimed[i];
        cell->untimed_detail = failed->detail;
    }
    if (decides == NULL && cell->ok == 0)
        decides = first_with(timed, status_is_skipped);
    if (decides == NULL)
        return;
    cell->status = decides->status;
    cell->status_pass = decides->key.pass;
    cell->detail = decides->detail;
}

/* Which timed trials of the cell were disturbed. */
static int fill_disturbances(struct summary *summary, size_t workload, size_t allocator)
{
    struct summary_cell *cell = summary_cell_mutable(summary, workload, allocator);
    struct trial_span timed = summary_span(summary, workload, allocator, PASS_TIMED);
    unsigned *flags = calloc(timed.count + 1, sizeof *flags);
    int result = flags != NULL ? disturbance_of_cell(timed.trials, timed.count, flags) : -1;
    for (size_t i = 0; i < timed.count && result == 0; i++) {
        summary->disturbances[timed.trials[i] - summary->run->trials] = flags[i];
        cell->disturbed += flags[i] != 0;
        for (unsigned kind = 0; kind < DISTURBANCE_COUNT; kind++)
            cell->disturbed_by[kind] += flags[i] >> kind & 1;
    }
    free(flags);
    return result;
}

static int allocate(struct summary *summary)
{
    const struct run *run = summary->run;
    summary->cell = calloc(run->workload_count * run->allocator_count + 1, sizeof *summary->cell);
    summary->mean = calloc(run->allocator_count + 1, sizeof *summary->mean);
    summary->by_key = calloc(run->trial_count + 1, sizeof *summary->by_key);
    summary->disturbances = calloc(run->trial_count + 1, sizeof *summary->disturbances);
    if (summary->cell == NULL || summary->mean == NULL || summary->by_key == NULL ||
        summary->disturbances == NULL)
        return -1;
    for (size_t i = 0; i < run->trial_count; i++)
        summary->by_key[i] = &run->trials[i];
    qsort(summary->by_key, run->trial_count, sizeof *summary->by_key, compare_trials);
    return 0;
}

static int fill(struct summary *summary, double *values)
{
    const struct run *run = summary->run;
    for (size_t w = 0; w < run->workload_count; w++)
        for (size_t a = 0; a < run->allocator_count; a++) {
            summary_fill_status(summary, w, a);
            summary_fill_measures(summary, w, a, values);
            if (fill_disturbances(summary, w, a) != 0)
                return -1;
        }
    for (size_t w = 0; w < run->workload_count; w++)
        for (size_t a = 0; a < run->allocator_count; a++)
            if (summary_fill_ratios(summary, w, a, values) != 0)
                return -1;
    return summary_fill_means(summary, values);
}

size_t summary_values_needed(const struct run *run)
{
    size_t laps = 0;
    for (size_t i = 0; i < run->trial_count; i++)
        if (run->trials[i].lap != NULL && (size_t)run->trials[i].laps > laps)
            laps = (size_t)run->trials[i].laps;
    return run->trial_count + run->workload_count + laps + 1;
}

int summary_init(struct summary *summary, const struct run *run)
{
    int reference = run_find_allocator(run, REFERENCE_NAME);
    *summary = (struct summary){.run = run, .reference = reference < 0 ? 0 : reference};
    double *values = calloc(summary_values_needed(run), sizeof *values);
    int result = values != NULL && allocate(summary) == 0 ? fill(summary, values) : -1;
    free(values);
    if (result != 0) {
        summary_release(summary);
        errno = ENOMEM;
    }
    return result;
}

void summary_release(struct summary *summary)
{
    free(summary->cell);
    free(summary->mean);
    free(summary->by_key);
    free(summary->disturbances);
    summary->cell = NULL;
    summary->mean = NULL;
    summary->by_key = NULL;
    summary->disturbances = NULL;
}
