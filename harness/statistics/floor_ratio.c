/* Floors and their label-flip test, 64 exchanges at a time; see the header. */
#include "floor_ratio.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

enum {
    LANES = 64,       /* exchanges in one word */
    COUNTER_BITS = 8, /* FLOOR_PAIRS_MAXIMUM / 10 < 2^7 */
    WIDENINGS = 40,   /* of the bracket around an end, each by half again */
    EVERY = 10,       /* the floor is the 1 / EVERY quantile */
};
#define FIRST_BRACKET      0.01 /* of ln ratio */
#define TOLERANCE_ABSOLUTE 1e-5 /* of ln ratio */
#define TOLERANCE_RELATIVE 0.01 /* of the distance between an end and the estimate */

struct floor_entry {
    double time;
    uint32_t pair;
    uint32_t is_new;
};

static int compare_times(const void *left, const void *right)
{
    double a = ((const struct floor_entry *)left)->time;
    double b = ((const struct floor_entry *)right)->time;
    return (a > b) - (a < b);
}

static void fill_side(const struct floor_ratio *floors, const double *times, uint32_t is_new)
{
    for (size_t lap = 0; lap < floors->laps; lap++) {
        struct floor_entry *side = floors->entry + (2 * lap + is_new) * floors->pairs;
        for (size_t i = 0; i < floors->pairs; i++)
            side[i] = (struct floor_entry){times[i * floors->laps + lap], (uint32_t)i, is_new};
        qsort(side, floors->pairs, sizeof *side, compare_times);
    }
}

static bool all_positive(const double *times, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!(times[i] > 0) || isinf(times[i]))
            return false;
    return true;
}

int floor_ratio_init(struct floor_ratio *floors, const double *base, const double *new,
                     size_t pairs, size_t laps)
{
    *floors =
        (struct floor_ratio){.pairs = pairs, .laps = laps, .rank = (pairs + EVERY - 1) / EVERY};
    if (pairs == 0 || pairs > FLOOR_PAIRS_MAXIMUM || laps == 0 ||
        !all_positive(base, pairs * laps) || !all_positive(new, pairs * laps)) {
        errno = EINVAL;
        return -1;
    }
    floors->entry = reallocarray(NULL, 2 * pairs * laps, sizeof *floors->entry);
    floors->order = reallocarray(NULL, 2 * pairs * laps, sizeof *floors->order);
    floors->word = calloc(pairs, sizeof *floors->word);
    if (floors->entry == NULL || floors->order == NULL || floors->word == NULL) {
        floor_ratio_release(floors);
        errno = ENOMEM;
        return -1;
    }
    fill_side(floors, base, 0);
    fill_side(floors, new, 1);
    return 0;
}

void floor_ratio_release(struct floor_ratio *floors)
{
    free(floors->entry);
    free(floors->order);
    free(floors->word);
    *floors = (struct floor_ratio){0};
}

/* Merges the two sides of every lap, NEW divided by e^shift. */
static void shift_new(struct floor_ratio *floors, double shift)
{
    size_t pairs = floors->pairs;
    double scale = exp(-shift);
    for (size_t lap = 0; lap < floors->laps; lap++) {
        const struct floor_entry *base = floors->entry + 2 * lap * pairs, *new = base + pairs;
        struct floor_entry *out = floors->order + 2 * lap * pairs;
        for (size_t i = 0, j = 0; i + j < 2 * pairs; out++) {
            bool take_new = i == pairs || (j < pairs && new[j].time *scale < base[i].time);
            *out = take_new ? new[j++] : base[i++];
            out->time *= take_new ? scale : 1;
        }
    }
}

/* Counts to the rank in each lane. A lane starts at 2^bits - rank, with just enough bits for that,
 * and is done when it overflows. */
struct lanes {
    uint64_t bit[COUNTER_BITS];
    size_t bits;
    uint64_t open; /* lanes that are not done */
    double *sums;  /* one a lane */
};

static void lanes_init(struct lanes *lanes, size_t rank, double *sums)
{
    lanes->bits = 1;
    while ((size_t)1 << lanes->bits < rank)
        lanes->bits++;
    size_t start = ((size_t)1 << lanes->bits) - rank;
    for (size_t b = 0; b < lanes->bits; b++)
        lanes->bit[b] = (start >> b & 1) != 0 ? ~UINT64_C(0) : 0;
    lanes->open = ~UINT64_C(0);
    lanes->sums = sums;
}

/* An element that is this side's in the lanes of `members`. */
static inline void lanes_count(struct lanes *lanes, uint64_t members, double time)
{
    uint64_t carry = members & lanes->open;
    for (size_t b = 0; b < lanes->bits && carry != 0; b++) {
        uint64_t next = lanes->bit[b] & carry;
        lanes->bit[b] ^= carry;
        carry = next;
    }
    lanes->open &= ~carry;
    for (; carry != 0; carry &= carry - 1)
        lanes->sums[__builtin_ctzll(carry)] += time;
}

/* Floors of both sides under the 64 exchanges in floors->word: a set bit exchanges the pair. */
static void floors_of_lanes(const struct floor_ratio *floors, double *base, double *new)
{
    for (size_t lane = 0; lane < LANES; lane++)
        base[lane] = new[lane] = 0;
    for (size_t lap = 0; lap < floors->laps; lap++) {
        const struct floor_entry *entry = floors->order + 2 * lap * floors->pairs;
        struct lanes base_lanes, new_lanes;
        lanes_init(&base_lanes, floors->rank, base);
        lanes_init(&new_lanes, floors->rank, new);
        /* Each side has `pairs` >= rank elements in every lane: both end. */
        for (; (base_lanes.open | new_lanes.open) != 0; entry++) {
            uint64_t is_new = floors->word[entry->pair] ^ (entry->is_new ? ~UINT64_C(0) : 0);
            lanes_count(&new_lanes, is_new, entry->time);
            lanes_count(&base_lanes, ~is_new, entry->time);
        }
    }
}

static double observed_ratio(struct floor_ratio *floors)
{
    double base[LANES], new[LANES];
    for (size_t i = 0; i < floors->pairs; i++)
        floors->word[i] = 0;
    floors_of_lanes(floors, base, new);
    return new[0] / base[0];
}

double floor_ratio_estimate(struct floor_ratio *floors)
{
    shift_new(floors, 0);
    return log(observed_ratio(floors));
}

/* SplitMix64 (Steele, Lea and Flood 2014). */
static uint64_t next_word(uint64_t *state)
{
    uint64_t x = *state += 0x9E3779B97F4A7C15;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
    return x ^ (x >> 31);
}

/* The next 64 exchanges; bit i of the result: exchange i is as far from 1 as the observed ratio is.
 * That is decided on ratios as they are computed: the observed one comes from the same sums in the
 * same order, so an exchange that changes nothing is a hit in spite of rounding. */
static uint64_t hits_of_batch(struct floor_ratio *floors, double far, uint64_t *state)
{
    double base[LANES], new[LANES];
    uint64_t hits = 0;
    for (size_t i = 0; i < floors->pairs; i++)
        floors->word[i] = next_word(state);
    floors_of_lanes(floors, base, new);
    for (size_t lane = 0; lane < LANES; lane++) {
        bool up = base[lane] < new[lane];
        double ratio = up ? new[lane] / base[lane] : base[lane] / new[lane];
        hits |= (uint64_t)(ratio >= far) << lane;
    }
    return hits;
}

/* Draws exchanges until `enough` hits or to the end. */
static size_t draw(struct floor_ratio *floors, double shift, const struct floor_flips *flips,
                   size_t *hits)
{
    uint64_t state = flips->seed;
    size_t drawn = 0;
    *hits = 0;
    shift_new(floors, shift);
    double ratio = observed_ratio(floors), far = ratio < 1 ? 1 / ratio : ratio;
    while (drawn < flips->flips) {
        uint64_t batch = hits_of_batch(floors, far, &state);
        for (size_t lane = 0; lane < LANES && drawn < flips->flips; lane++) {
            drawn++;
            *hits += batch >> lane & 1;
            if (flips->enough > 0 && *hits == flips->enough)
                return drawn;
        }
    }
    return drawn;
}

double floor_ratio_p(struct floor_ratio *floors, double shift, const struct floor_flips *flips)
{
    size_t hits, drawn = draw(floors, shift, flips, &hits);
    if (flips->enough > 0 && hits == flips->enough)
        return (double)hits / (double)drawn;
    return (double)(1 + hits) / (double)(1 + drawn);
}

/* Whether there are so few hits that p <= alpha: fewer than flips->enough. */
static bool rejects(struct floor_ratio *floors, double shift, const struct floor_flips *flips)
{
    size_t hits;
    draw(floors, shift, flips, &hits);
    return hits < flips->enough;
}

/* The end on the side of `sign`: kept outside, `inside` is never rejected. NAN: no end. */
static double find_end(struct floor_ratio *floors, double estimate, int sign,
                       const struct floor_flips *flips)
{
    double inside = 0, outside = FIRST_BRACKET;
    for (int i = 0; !rejects(floors, estimate + sign * outside, flips); i++) {
        if (i == WIDENINGS)
            return NAN;
        inside = outside;
        outside *= 1.5;
    }
    while (outside - inside > TOLERANCE_ABSOLUTE + TOLERANCE_RELATIVE * outside) {
        double middle = (inside + outside) / 2;
        if (rejects(floors, estimate + sign * middle, flips))
            outside = middle;
        else
            inside = middle;
    }
    return estimate + sign * outside;
}

struct floor_interval floor_ratio_interval(struct floor_ratio *floors, double alpha,
                                           const struct floor_flips *flips)
{
    struct floor_interval interval = {NAN, NAN, NAN};
    /* Rejected: 1 + hits <= alpha (1 + flips); a little more, for the rounding of the product. */
    double most = floor(alpha * (double)(1 + flips->flips) + 1e-9);
    struct floor_flips question = *flips;
    if (most < 1)
        return interval;
    question.enough = (size_t)most;
    double estimate = floor_ratio_estimate(floors);
    double low = find_end(floors, estimate, -1, &question);
    double high = find_end(floors, estimate, 1, &question);
    if (!isnan(low) && !isnan(high))
        interval = (struct floor_interval){low, high, 1 - most / (double)(1 + flips->flips)};
    return interval;
}
