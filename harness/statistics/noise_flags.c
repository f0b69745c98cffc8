/* Figures of disturbance; see the header. */
#include "noise_flags.h"

#include "order_statistic.h"
#include "signed_rank.h"
#include "verdict_internal.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

/* Above this share of waiting, spread is explained by this system. */
#define HOST_RUN_DELAY_MOST 0.02

const char *noise_flag_word(enum noise_flag_name name)
{
    static const char *const words[] = {
#define X(name, word, limit, help) word,
        NOISE_FLAGS(X)
#undef X
    };
    return words[name];
}

double noise_flag_limit(enum noise_flag_name name)
{
    static const double limits[] = {
#define X(name, word, limit, help) limit,
        NOISE_FLAGS(X)
#undef X
    };
    return limits[name];
}

double lag_one_correlation(const double *values, size_t count)
{
    double mean = arithmetic_mean(values, count), products = 0, squares = 0;
    if (count < 3)
        return NAN;
    for (size_t i = 0; i < count; i++) {
        squares += (values[i] - mean) * (values[i] - mean);
        products += i > 0 ? (values[i] - mean) * (values[i - 1] - mean) : 0;
    }
    return squares > 0 ? products / squares : NAN;
}

double cluster_distance(double *values, size_t count)
{
    enum { VALUES_LEAST = 8, CLUSTER_LEAST = 2, SHARE = 10 };
    size_t edge = count / SHARE > CLUSTER_LEAST ? count / SHARE : CLUSTER_LEAST;
    double mean = arithmetic_mean(values, count), all = 0, left = 0, best = 0, distance = NAN;
    if (count < VALUES_LEAST)
        return NAN;
    order_statistic_sort(values, count);
    for (size_t i = 0; i < count; i++)
        all += (values[i] - mean) * (values[i] - mean);
    for (size_t cut = 1; cut < count; cut++) {
        double n = (double)cut, rest = (double)(count - cut);
        left += values[cut - 1] - mean;
        /* The left side's mean is left / n, the right side's -left / rest. */
        double between = left * left * (1 / n + 1 / rest);
        if (cut < edge || count - cut < edge || between <= best)
            continue;
        best = between;
        /* Values that only take two different values have none within but rounding. */
        double within = fmax(all - between, 1e-12 * all) / (double)count;
        distance = fabs(left / n + left / rest) / sqrt(within);
    }
    return distance;
}

/* NAN where either is not known. */
static double share(const double *parts, const double *wholes, size_t count)
{
    double part = 0, whole = 0;
    for (size_t i = 0; i < count; i++) {
        part += parts[i];
        whole += wholes[i];
    }
    return part / whole;
}

static double share_of_both(const struct noise_trials *base, const double *base_parts,
                            const struct noise_trials *new, const double *new_parts)
{
    if (base_parts == NULL || new_parts == NULL || base->wall_ns == NULL || new->wall_ns == NULL)
        return NAN;
    return share(base_parts, base->wall_ns, base->trials) / 2 +
           share(new_parts, new->wall_ns, new->trials) / 2;
}

/* Of each lap position p90 / p10 over the trials, and of these the median. `scratch`: trials. */
static double position_spread(const struct noise_trials *side, double *spreads, double *scratch)
{
    size_t n = side->trials, tenth = (n + 9) / 10;
    for (size_t lap = 0; lap < side->laps; lap++) {
        for (size_t i = 0; i < n; i++)
            scratch[i] = side->lap_ns[i * side->laps + lap];
        order_statistic_sort(scratch, n);
        spreads[lap] = n > 0 ? scratch[n - tenth] / scratch[tenth - 1] : NAN;
    }
    return order_statistic_median(spreads, side->laps);
}

static double median_lap(const struct noise_trials *side, double *scratch)
{
    for (size_t i = 0; i < side->trials * side->laps; i++)
        scratch[i] = side->lap_ns[i];
    return order_statistic_median(scratch, side->trials * side->laps);
}

static double trials_distance(const struct noise_trials *side, double *scratch)
{
    for (size_t i = 0; i < side->trials; i++)
        scratch[i] = log(side->whole_ns[i]);
    return cluster_distance(scratch, side->trials);
}

static double pair_drift(const struct noise_trials *base, const struct noise_trials *new,
                         double *scratch)
{
    for (size_t i = 0; i < base->trials; i++)
        scratch[i] = log(base->whole_ns[i]) + log(new->whole_ns[i]);
    return lag_one_correlation(scratch, base->trials);
}

/* Of the medians over laps, since the first half of the pairs has floors of its own. */
static int halves_difference(const struct noise_trials *base, const struct noise_trials *new,
                             const struct verdict_cell *cell, double *scratch, double *figure)
{
    struct verdict_pairs pairs = {.pairs = base->trials, .laps = base->laps};
    struct shift first, second;
    size_t half = base->trials / 2;
    pairs.base = base->lap_ns;
    pairs.new = new->lap_ns;
    if (verdict_pair_values(&pairs, true, scratch) != 0 ||
        signed_rank_shift(scratch, half, 0.5, &first) != 0 ||
        signed_rank_shift(scratch + half, base->trials - half, 0.5, &second) != 0)
        return -1;
    *figure = fabs(first.value - second.value) / (2 * verdict_half_width(&cell->track[TRACK_LAPS]));
    return 0;
}

static double tracks_difference(const struct verdict_cell *cell)
{
    const struct verdict_estimate *laps = &cell->track[TRACK_LAPS];
    const struct verdict_estimate *floors = &cell->track[TRACK_FLOOR];
    return fabs(laps->value - floors->value) /
           fmax(verdict_half_width(laps), verdict_half_width(floors));
}

static double tail_difference(const struct verdict_cell *cell)
{
    const struct verdict_estimate *reported = &cell->track[cell->reported];
    return fabs(cell->whole.value - reported->value) /
           (verdict_half_width(&cell->whole) + verdict_half_width(reported));
}

static void raise_flags(struct noise_flag *flags)
{
    for (enum noise_flag_name name = 0; name < NOISE_FLAG_COUNT; name++) {
        double figure = flags[name].figure, limit = noise_flag_limit(name);
        flags[name].raised = name == NOISE_SHORT ? figure < limit : figure > limit;
    }
    /* Only where it is known that this system did not do it. */
    flags[NOISE_HOST].raised &= flags[NOISE_BUSY].figure < HOST_RUN_DELAY_MOST;
}

int noise_flags(const struct noise_trials *base, const struct noise_trials *new,
                const struct verdict_cell *cell, const struct noise_place *place,
                struct noise_flag *flags)
{
    size_t all = base->trials * base->laps + base->laps + base->trials;
    double *scratch = reallocarray(NULL, all + 1, sizeof *scratch);
    if (scratch == NULL)
        return -1;
    double *rest = scratch + base->laps;
    const double cpus = place->cpus > 0 ? place->cpus : NAN;
#define FIGURE(name) flags[NOISE_##name].figure
    FIGURE(HOST) = fmax(position_spread(base, scratch, rest), position_spread(new, scratch, rest));
    FIGURE(STEAL) = share_of_both(base, base->steal_ns, new, new->steal_ns) / cpus;
    FIGURE(BUSY) = share_of_both(base, base->run_delay_ns, new, new->run_delay_ns);
    FIGURE(DRIFT) = pair_drift(base, new, scratch);
    FIGURE(BIMODAL) = fmax(trials_distance(base, scratch), trials_distance(new, scratch));
    FIGURE(TRACKS) = tracks_difference(cell);
    FIGURE(TAIL) = tail_difference(cell);
    FIGURE(SHORT) = base->laps > 1 ? median_lap(base, scratch) : NAN;
    FIGURE(NOLAPS) = base->laps == 1;
    FIGURE(THREADS) = place->threads > 0 ? place->threads / cpus : NAN;
    int result = halves_difference(base, new, cell, scratch, &FIGURE(HALVES));
#undef FIGURE
    raise_flags(flags);
    free(scratch);
    return result;
}
