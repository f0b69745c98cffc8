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

int latency_merge(struct latency_merged *merged, const struct summary *summary,
                  const struct trial_key *cell, int kind, int size_class)
{
    struct trial_span span = summary_span(summary, cell->workload, cell->allocator, PASS_LATENCY);
    size_t room = 0, trials = 0;
    int64_t timer_ps = 0;
    *merged = (struct latency_merged){0};
    for (size_t i = 0; i < span.count; i++)
        room += span.trials[i]->latency_bins;
    merged->bins = calloc(room + 1, sizeof *merged->bins);
    if (merged->bins == NULL)
        return -1;
    for (size_t i = 0; i < span.count; i++) {
        const struct trial_record *trial = span.trials[i];
        if (trial->status != STATUS_OK || trial->latency_samples == MEASURE_NONE)
            continue;
        merged->gap = trial->latency_gap;
        merged->paced = trial->latency_paced == 1;
        timer_ps += trial->latency_timer_ps;
        trials++;
        take(merged, trial, kind, size_class);
    }
    merged->timer_ps = trials > 0 ? timer_ps / (int64_t)trials : 0;
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

bool latency_measured(const struct summary *summary, size_t workload)
{
    const struct run *run = summary->run;
    for (size_t i = 0; i < run->trial_count; i++)
        if (run->trials[i].key.workload == workload && run->trials[i].key.pass == PASS_LATENCY &&
            run->trials[i].status == STATUS_OK)
            return true;
    return false;
}
