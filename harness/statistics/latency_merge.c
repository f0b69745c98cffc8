/* Times of single calls over all blocks; see latency_merge.h. */
#include "latency_merge.h"

#include "summary_internal.h"

#include <stdlib.h>

static bool wanted(const struct latency_bin *bin, int kind, int size_class)
{
    return (kind == LATENCY_ANY ? latency_kind_is_call(bin->kind) : (int)bin->kind == kind) &&
           (size_class == LATENCY_ANY || (int)bin->size_class == size_class);
}

static void take(struct latency_merged *merged, const struct trial_record *trial, int kind,
                 int size_class)
{
    for (size_t i = 0; i < trial->latency_bins; i++)
        if (wanted(&trial->latency[i], kind, size_class)) {
            merged->bins[merged->count++] = trial->latency[i];
            merged->calls += trial->latency[i].calls;
        }
}

int latency_group_first(enum latency_group group)
{
    return group == LATENCY_OF_CALLS ? LATENCY_ANY : LATENCY_CALL_KIND_COUNT;
}

int latency_group_end(enum latency_group group)
{
    return group == LATENCY_OF_CALLS ? LATENCY_CALL_KIND_COUNT : LATENCY_KIND_COUNT;
}

static bool has(const struct trial_record *trial, enum latency_group group)
{
    if (trial->status != STATUS_OK)
        return false;
    return group == LATENCY_OF_CALLS ? trial->latency_samples != MEASURE_NONE
                                     : trial->request_max_ns != MEASURE_NONE;
}

static size_t count_bins(struct trial_span span)
{
    size_t room = 0;
    for (size_t i = 0; i < span.count; i++)
        room += span.trials[i]->latency_bins;
    return room;
}

/* Returns how many trials had them. */
static size_t take_span(struct latency_merged *merged, struct trial_span span, int kind,
                        int size_class)
{
    bool requests = kind >= LATENCY_CALL_KIND_COUNT;
    size_t trials = 0;
    for (size_t i = 0; i < span.count; i++) {
        const struct trial_record *trial = span.trials[i];
        if (!has(trial, requests ? LATENCY_OF_REQUESTS : LATENCY_OF_CALLS))
            continue;
        merged->gap = requests ? 1 : trial->latency_gap;
        merged->paced =
            requests ? trial->paced == 1 && kind != LATENCY_SERVICE : trial->latency_paced == 1;
        merged->timer_ps += requests ? 0 : trial->latency_timer_ps;
        take(merged, trial, kind, size_class);
        trials++;
    }
    return trials;
}

int latency_merge(struct latency_merged *merged, const struct summary *summary,
                  const struct trial_key *cell, int kind, int size_class)
{
    static const enum pass passes[] = {PASS_LATENCY, PASS_TIMED};
    struct trial_span spans[] = {
        summary_span(summary, cell->workload, cell->allocator, passes[0]),
        summary_span(summary, cell->workload, cell->allocator, passes[1]),
    };
    size_t trials = 0;
    *merged = (struct latency_merged){0};
    merged->bins = calloc(count_bins(spans[0]) + count_bins(spans[1]) + 1, sizeof *merged->bins);
    if (merged->bins == NULL)
        return -1;
    for (int i = 0; i < 2; i++)
        trials += take_span(merged, spans[i], kind, size_class);
    if (trials > 0)
        merged->timer_ps /= (int64_t)trials;
    latency_sort(merged->bins, merged->count);
    return 0;
}

void latency_merged_release(struct latency_merged *merged)
{
    free(merged->bins);
    *merged = (struct latency_merged){0};
}

int64_t latency_merged_longest_ps(const struct latency_merged *merged)
{
    return merged->count > 0 ? merged->bins[merged->count - 1].time_ps : MEASURE_NONE;
}

const struct trial_record *latency_measured(const struct summary *summary, size_t workload,
                                            enum latency_group group)
{
    const struct run *run = summary->run;
    for (size_t i = 0; i < run->trial_count; i++)
        if (run->trials[i].key.workload == workload && has(&run->trials[i], group))
            return &run->trials[i];
    return NULL;
}

struct latency_pace latency_pace_kept(const struct summary *summary, const struct trial_key *cell)
{
    struct trial_span span = summary_span(summary, cell->workload, cell->allocator, PASS_TIMED);
    struct latency_pace pace = {0};
    double due_ns = 0, served_ns = 0;
    for (size_t i = 0; i < span.count; i++) {
        const struct trial_record *trial = span.trials[i];
        if (!has(trial, LATENCY_OF_REQUESTS) || trial->requests_served_ns <= 0)
            continue;
        double held = (double)trial->requests_held_ns / (double)trial->requests_served_ns;
        pace.held = held > pace.held ? held : pace.held;
        if (trial->requests_backlog > pace.backlog)
            pace.backlog = trial->requests_backlog;
        due_ns += (double)trial->requests_due_ns;
        served_ns += (double)trial->requests_served_ns;
        pace.trials++;
    }
    pace.kept = pace.trials > 0 ? due_ns / served_ns : 1;
    return pace;
}
