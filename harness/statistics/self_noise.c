/* What a machine can show; see self_noise.h. */
#include "self_noise.h"

#include "order_statistic.h"
#include "verdict_internal.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MINUTE_S 60.0

const size_t self_noise_looks[SELF_NOISE_LOOKS] = {20, 40, 80, 160};

/* Changes that are tried, in rising order. */
static const double changes[] = {0.0025, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.04,
                                 0.05,   0.075, 0.1,    0.15, 0.2,   0.3,  0.5};
enum { CHANGES = sizeof changes / sizeof changes[0] };

struct study {
    const struct verdict_pairs *pairs;
    struct verdict_rules rules; /* the looks that there are pairs for */
    double level_alpha;         /* of one look, for both tracks together */
    double *base, *new;         /* one drawing */
    signed char *order;         /* NULL: not known */
};

static const struct verdict_measure time_measure = {.is_time = true, .gates = true};

static uint64_t draw(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15); /* splitmix64 (Vigna 2015) */
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* One drawing of labels; NEW is slower by `change`. */
static struct verdict_pairs relabel(struct study *study, uint64_t seed, double change)
{
    const struct verdict_pairs *from = study->pairs;
    for (size_t i = 0; i < from->pairs; i++) {
        bool exchange = draw(&seed) & 1;
        if (from->order != NULL)
            study->order[i] = (signed char)(exchange ? -from->order[i] : from->order[i]);
        for (size_t k = i * from->laps; k < (i + 1) * from->laps; k++) {
            study->base[k] = exchange ? from->new[k] : from->base[k];
            study->new[k] = (exchange ? from->base[k] : from->new[k]) * (1 + change);
        }
    }
    return (struct verdict_pairs){.pairs = from->pairs,
                                  .laps = from->laps,
                                  .base = study->base,
                                  .new = study->new,
                                  .order = from->order != NULL ? study->order : NULL};
}

/* Compares to the end. Returns 0 or -1 with errno. */
static int compare(const struct study *study, const struct verdict_pairs *pairs, double threshold,
                   struct verdict_cell *cell)
{
    struct verdict_measure measure = time_measure;
    measure.threshold = threshold;
    verdict_cell_init(cell, &measure);
    while (cell->look < study->rules.look_count) {
        if (verdict_look(cell, &study->rules, pairs) != 0 ||
            verdict_decide(&cell, 1, &study->rules) != 0)
            return -1;
        if (cell->verdict == VERDICT_WORSE)
            break;
    }
    return 0;
}

/* 1 when a change of that size is found often enough, 0 when not, -1 with errno. The threshold is
 * the change itself: what is asked is what the machine lets be seen, not what is worth it. */
static int is_found(struct study *study, double change)
{
    int missed = 0;
    for (uint64_t i = 0; i < SELF_NOISE_DRAWINGS; i++) {
        struct verdict_cell cell;
        struct verdict_pairs pairs = relabel(study, i, change);
        if (compare(study, &pairs, change, &cell) != 0)
            return -1;
        missed += cell.verdict != VERDICT_WORSE;
        if (missed > SELF_NOISE_DRAWINGS - SELF_NOISE_FOUND_LEAST)
            return 0;
    }
    return 1;
}

/* The smallest of the changes that is found, by halving: a larger one is found more often. */
static int find_smallest(struct study *study, double *smallest)
{
    size_t low = 0, high = CHANGES;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int found = is_found(study, changes[middle]);
        if (found < 0)
            return -1;
        if (found)
            high = middle;
        else
            low = middle + 1;
    }
    *smallest = low < CHANGES ? changes[low] : NAN;
    return 0;
}

/* The median over stretches of `count` pairs, as a relative change. */
static int find_half_width(const struct study *study, size_t count, double *half_width)
{
    const struct verdict_pairs *all = study->pairs;
    struct verdict_rules rules = study->rules;
    size_t stretches = all->pairs / count;
    double *widths = calloc(stretches + 1, sizeof *widths);
    int result = widths != NULL ? 0 : -1;
    rules.alpha = study->level_alpha;
    rules.looks[0] = count;
    rules.look_count = 1;
    for (size_t i = 0; i < stretches && result == 0; i++) {
        struct verdict_cell cell;
        size_t first = i * count * all->laps;
        struct verdict_pairs stretch = {.pairs = count,
                                        .laps = all->laps,
                                        .base = all->base + first,
                                        .new = all->new + first,
                                        .order = all->order != NULL ? all->order + i *count : NULL};
        verdict_cell_init(&cell, &time_measure);
        result = verdict_look(&cell, &rules, &stretch);
        widths[i] = verdict_half_width(&cell.track[cell.reported]);
    }
    order_statistic_sort(widths, stretches);
    /* The upper one of an even number, since some may be infinite. */
    *half_width =
        result == 0 && isfinite(widths[stretches / 2]) ? expm1(widths[stretches / 2]) : NAN;
    free(widths);
    return result;
}

static int fill_looks(struct self_noise *noise, const struct study *study)
{
    for (size_t i = 0; i < noise->look_count; i++) {
        struct self_noise_look *look = &noise->look[i];
        look->pairs = self_noise_looks[i];
        if (look->pairs <= noise->pairs) {
            if (find_half_width(study, look->pairs, &look->half_width) != 0)
                return -1;
            continue;
        }
        look->half_width = noise->look[i - 1].half_width *
                           sqrt((double)self_noise_looks[i - 1] / (double)look->pairs);
        look->extrapolated = true;
    }
    return 0;
}

static void set_rules(struct study *study, const struct self_noise *noise, double alpha)
{
    size_t there = 0;
    while (there < noise->look_count && self_noise_looks[there] <= noise->pairs)
        there++;
    study->rules = verdict_rules_default;
    study->rules.look_count = there;
    memcpy(study->rules.looks, self_noise_looks, sizeof self_noise_looks);
    /* A look costs what it costs when all looks of a minute are taken. */
    study->level_alpha = alpha / (double)noise->look_count;
    study->rules.alpha = study->level_alpha * (double)there;
}

static int compute(struct self_noise *noise, struct study *study)
{
    size_t there = study->rules.look_count;
    /* The series itself, with the threshold that comparisons have unless told. */
    if (compare(study, study->pairs, 0.02, &noise->self) != 0 || fill_looks(noise, study) != 0 ||
        find_smallest(study, &noise->smallest) != 0)
        return -1;
    if (there < noise->look_count) {
        noise->smallest *= sqrt((double)self_noise_looks[there - 1] /
                                (double)self_noise_looks[noise->look_count - 1]);
        noise->smallest_extrapolated = true;
    }
    return 0;
}

int self_noise_compute(struct self_noise *noise, const struct verdict_pairs *pairs, double pair_s,
                       double alpha)
{
    struct study study = {.pairs = pairs};
    *noise = (struct self_noise){.pairs = pairs->pairs, .pair_s = pair_s, .look_count = 1};
    if (pairs->pairs < SELF_NOISE_PAIRS_LEAST || pairs->laps == 0 || !(pair_s > 0)) {
        errno = EINVAL;
        return -1;
    }
    while (noise->look_count < SELF_NOISE_LOOKS &&
           (double)self_noise_looks[noise->look_count] * pair_s <= MINUTE_S)
        noise->look_count++;
    set_rules(&study, noise, alpha);
    study.base = reallocarray(NULL, pairs->pairs, pairs->laps * sizeof *study.base);
    study.new = reallocarray(NULL, pairs->pairs, pairs->laps * sizeof *study.new);
    study.order = calloc(pairs->pairs, sizeof *study.order);
    bool is_there = study.base != NULL && study.new != NULL &&study.order != NULL;
    int result = is_there ? compute(noise, &study) : -1;
    free(study.base);
    free(study.new);
    free(study.order);
    return result;
}
