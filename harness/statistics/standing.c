/* How one allocator of a run stands against the others. */
#include "standing.h"

#include "summary_internal.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

/* Less than this left over tells of single pages, as in a comparison (docs/comparing.md). */
#define SETTLED_LEAST_BYTES (256.0 * 1024.0)

static const struct {
    const char *title, *help;
} words[] = {
#define X(name, title, help) {title, help},
    STANDING_MEASURES(X)
#undef X
};

const char *standing_title(enum standing_measure measure)
{
    return words[measure].title;
}

const char *standing_help(enum standing_measure measure)
{
    return words[measure].help;
}

static enum pass pass_of(const struct standing *standing, size_t workload)
{
    bool is_program = standing->summary->run->workloads[workload].kind == WORKLOAD_PROGRAM;
    if (standing->measure == STANDING_SETTLED)
        return PASS_INSPECT;
    return standing->measure == STANDING_PEAK_RSS && is_program ? PASS_MEMORY : PASS_TIMED;
}

static double settled_bytes(const struct trial_record *trial)
{
    const struct checkpoint_record *settled = &trial->checkpoints[CHECKPOINT_SETTLED];
    const struct checkpoint_record *start = &trial->checkpoints[CHECKPOINT_START];
    if (!settled->reached || settled->vm_rss_bytes == MEASURE_NONE ||
        start->vm_rss_bytes == MEASURE_NONE)
        return NAN;
    return fmax((double)(settled->vm_rss_bytes - start->vm_rss_bytes), SETTLED_LEAST_BYTES);
}

/* log(subject / peer) in one block; NAN when either side lacks it. */
static double block_value(const struct standing *standing, const struct trial_key *peer_key,
                          double *scratch)
{
    struct trial_key own_key = *peer_key;
    own_key.allocator = standing->subject;
    const struct trial_record *own = summary_trial(standing->summary, &own_key);
    const struct trial_record *peer = summary_trial(standing->summary, peer_key);
    if (own == NULL || peer == NULL)
        return NAN;
    switch (standing->measure) {
    case STANDING_CPU:
        return summary_log_cpu_ratio(peer, own, scratch);
    case STANDING_PEAK_RSS:
        return log(summary_peak_rss(own) / summary_peak_rss(peer));
    default:
        return log(settled_bytes(own) / settled_bytes(peer));
    }
}

/* A cell that has failed anywhere has no figures. */
static bool is_sound(const struct standing *standing, size_t workload, size_t allocator)
{
    return summary_cell(standing->summary, workload, allocator)->status == STATUS_OK;
}

static bool both_are_sound(const struct standing *standing, size_t workload, size_t peer)
{
    return is_sound(standing, workload, standing->subject) && is_sound(standing, workload, peer);
}

static struct estimate *cell_of(const struct standing *standing, size_t row, size_t peer)
{
    return &standing->against[row * standing->summary->run->allocator_count + peer];
}

static int fill_cell(struct standing *standing, size_t workload, size_t peer, double *values)
{
    struct trial_key key = {(unsigned)workload, (unsigned)peer, 0, pass_of(standing, workload)};
    struct trial_span span = summary_span(standing->summary, workload, peer, key.pass);
    size_t count = 0;

    for (size_t i = 0; i < span.count && both_are_sound(standing, workload, peer); i++) {
        double value = block_value(standing, &span.trials[i]->key, values + count);
        if (isfinite(value))
            values[count++] = value;
    }
    return summary_estimate_ratio(values, count, 1, cell_of(standing, workload, peer));
}

/* The mean of one block over the workloads that have a ratio; NAN when one lacks the block. */
static double block_mean(const struct standing *standing, size_t peer, unsigned block,
                         double *scratch)
{
    double sum = 0;
    size_t count = 0;
    for (size_t w = 0; w < standing->summary->run->workload_count; w++) {
        struct trial_key key = {(unsigned)w, (unsigned)peer, block, pass_of(standing, w)};
        if (standing_against(standing, w, peer)->count == 0)
            continue;
        sum += block_value(standing, &key, scratch);
        count++;
    }
    return count > 0 ? sum / (double)count : NAN;
}

static int fill_mean(struct standing *standing, size_t peer, double *values)
{
    const struct run *run = standing->summary->run;
    unsigned blocks = summary_blocks(run);
    size_t count = 0;
    for (unsigned block = 0; block < blocks; block++) {
        double value = block_mean(standing, peer, block, values + count);
        if (isfinite(value))
            values[count++] = value;
    }
    return summary_estimate_ratio(values, count, 1, cell_of(standing, run->workload_count, peer));
}

int standing_init(struct standing *standing, const struct summary *summary, unsigned subject,
                  enum standing_measure measure)
{
    const struct run *run = summary->run;
    double *values = calloc(summary_values_needed(run), sizeof *values);
    *standing = (struct standing){.summary = summary, .subject = subject, .measure = measure};
    standing->against =
        calloc((run->workload_count + 1) * run->allocator_count + 1, sizeof *standing->against);
    int result = values != NULL && standing->against != NULL ? 0 : -1;

    for (size_t a = 0; a < run->allocator_count && result == 0; a++) {
        for (size_t w = 0; w < run->workload_count && result == 0; w++)
            result = fill_cell(standing, w, a, values);
        if (result == 0)
            result = fill_mean(standing, a, values);
    }
    free(values);
    if (result != 0) {
        standing_release(standing);
        errno = ENOMEM;
    }
    return result;
}

void standing_release(struct standing *standing)
{
    free(standing->against);
    standing->against = NULL;
}

const struct estimate *standing_against(const struct standing *standing, size_t workload,
                                        size_t peer)
{
    return cell_of(standing, workload, peer);
}

const struct estimate *standing_mean(const struct standing *standing, size_t peer)
{
    return cell_of(standing, standing->summary->run->workload_count, peer);
}

size_t standing_mean_workloads(const struct standing *standing, size_t peer)
{
    size_t workloads = 0;
    for (size_t w = 0; w < standing->summary->run->workload_count; w++)
        workloads += standing_against(standing, w, peer)->count > 0;
    return workloads;
}

int standing_best_peer(const struct standing *standing, size_t workload)
{
    int best = -1;
    for (size_t a = 0; a < standing->summary->run->allocator_count; a++) {
        const struct estimate *estimate = standing_against(standing, workload, a);
        if (a == standing->subject || estimate->count == 0)
            continue;
        if (best < 0 || estimate->value > standing_against(standing, workload, (size_t)best)->value)
            best = (int)a;
    }
    return best;
}
