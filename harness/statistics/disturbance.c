/* What disturbed a single trial; see disturbance.h. */
#include "disturbance.h"

#include "order_statistic.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* USER_HZ is 100 on every Linux that there is (time(7)). */
#define TICK_NS   1e7
#define SECOND_NS 1e9

static const char *const words[] = {
#define X(name, word, limit, help) word,
    DISTURBANCES(X)
#undef X
};

static const double limits[] = {
#define X(name, word, limit, help) limit,
    DISTURBANCES(X)
#undef X
};

const char *disturbance_word(enum disturbance disturbance)
{
    return words[disturbance];
}

double disturbance_limit(enum disturbance disturbance)
{
    return limits[disturbance];
}

static double known(int64_t measure)
{
    return measure == MEASURE_NONE ? NAN : (double)measure;
}

/* A share by rank: the value below which that share of the sorted values lies. */
static double at_share(const double *sorted, size_t count, double share)
{
    return sorted[(size_t)(share * (double)(count - 1) + 0.5)];
}

static void lap_figures(const struct trial_record *trial, const double *quick_lap_ns,
                        double *ratios, double figures[DISTURBANCE_COUNT])
{
    size_t count = 0;
    for (int64_t i = 0; i < trial->laps; i++)
        if (trial->lap[i].wall_ns > 0 && quick_lap_ns[i] > 0)
            ratios[count++] = (double)trial->lap[i].wall_ns / quick_lap_ns[i];
    if (count == 0)
        return;
    order_statistic_sort(ratios, count);
    figures[DISTURBANCE_SLOW] = at_share(ratios, count, 0.5);
    figures[DISTURBANCE_UNEVEN] = at_share(ratios, count, 0.9) / at_share(ratios, count, 0.1);
}

void disturbance_figures(const struct trial_record *trial, const double *quick_lap_ns,
                         double *scratch, double figures[DISTURBANCE_COUNT])
{
    /* Switches and delay are counted from start to end checkpoint; the whole life is a little
     * more, so a share is never made up. */
    double life_ns = known(trial->elapsed_ns);
    double threads = trial->threads > 0 ? (double)trial->threads : 1;
    for (size_t i = 0; i < DISTURBANCE_COUNT; i++)
        figures[i] = NAN;
    if (life_ns > 0) {
        figures[DISTURBANCE_STEAL] = known(trial->steal_ticks) * TICK_NS / life_ns;
        figures[DISTURBANCE_PREEMPTED] =
            known(trial->involuntary_switches) / threads / (life_ns / SECOND_NS);
        figures[DISTURBANCE_WAITED] = known(trial->run_delay_ns) / threads / life_ns;
    }
    if (quick_lap_ns != NULL && trial->lap != NULL)
        lap_figures(trial, quick_lap_ns, scratch, figures);
}

unsigned disturbance_flags(const double figures[DISTURBANCE_COUNT])
{
    unsigned flags = 0;
    for (unsigned i = 0; i < DISTURBANCE_COUNT; i++)
        if (figures[i] > limits[i]) /* not so for NAN */
            flags |= 1u << i;
    return flags;
}

static bool has_laps(const struct trial_record *trial, int64_t laps)
{
    return trial->status == STATUS_OK && trial->lap != NULL && trial->laps == laps;
}

/* The lower quartile over the trials of each lap. Returns how many trials that rests on. */
static size_t quick_laps(const struct trial_record *const *trials, size_t count, int64_t laps,
                         double *quick_lap_ns, double *scratch)
{
    size_t used = 0;
    for (int64_t lap = 0; lap < laps; lap++) {
        used = 0;
        for (size_t i = 0; i < count; i++)
            if (has_laps(trials[i], laps))
                scratch[used++] = (double)trials[i]->lap[lap].wall_ns;
        order_statistic_sort(scratch, used);
        quick_lap_ns[lap] = used > 0 ? scratch[(used - 1) / 4] : 0;
    }
    return used;
}

static int64_t laps_of_cell(const struct trial_record *const *trials, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (trials[i]->status == STATUS_OK && trials[i]->lap != NULL && trials[i]->laps > 0)
            return trials[i]->laps;
    return 0;
}

int disturbance_of_cell(const struct trial_record *const *trials, size_t count, unsigned *flags)
{
    int64_t laps = laps_of_cell(trials, count);
    double *quick = calloc((size_t)laps + 1, sizeof *quick);
    double *scratch = calloc((size_t)laps + count + 1, sizeof *scratch);
    int result = quick != NULL && scratch != NULL ? 0 : -1;
    if (result == 0) {
        bool enough = quick_laps(trials, count, laps, quick, scratch) >= DISTURBANCE_TRIALS_LEAST;
        for (size_t i = 0; i < count; i++) {
            double figures[DISTURBANCE_COUNT];
            bool held = enough && has_laps(trials[i], laps);
            disturbance_figures(trials[i], held ? quick : NULL, scratch, figures);
            flags[i] = trials[i]->status == STATUS_OK ? disturbance_flags(figures) : 0;
        }
    }
    free(quick);
    free(scratch);
    if (result < 0)
        errno = ENOMEM;
    return result;
}

char *disturbance_text(unsigned flags, char *text)
{
    size_t used = 0;
    text[0] = '\0';
    for (unsigned i = 0; i < DISTURBANCE_COUNT; i++)
        if (flags & 1u << i)
            used += (size_t)snprintf(text + used, DISTURBANCE_TEXT_BYTES - used, "%s%s",
                                     used > 0 ? " " : "", words[i]);
    return text;
}
