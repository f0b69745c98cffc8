/* Exact tests with scores that leave far-off pairs out; see the header. */
#include "steady_shift.h"

#include "order_statistic.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* The scale: a size that so many of the differences do not reach, and how often that reaches. For
 * normal differences 4.7 x the 0.4 quantile of their size is 2.5 standard deviations. */
#define SCALE_QUANTILE 0.4
#define SCALE_REACH    4.7
/* Of u (1 - u^2)^2, at u^2 = 1/5. */
#define WEIGHT_MAXIMUM 0.28621670111997307
/* The distance of these quantiles of the sizes is their spread; what is so many times as far off
 * counts as far. */
#define FIT_LOW  0.1
#define FIT_HIGH 0.5
#define FIT_FAR  8

#define FIRST_STEP         2e-4 /* of ln ratio */
#define STEP_FACTOR        1.2
#define FARTHEST           20.0 /* e^20: nothing is so much slower */
#define TOLERANCE_ABSOLUTE 1e-5
#define TOLERANCE_RELATIVE 0.01

/* Room for one evaluation; all of `count`. */
struct workspace {
    const struct steady_pairs *pairs;
    double *by_order; /* f */
    double *sorted;
    double *size; /* of f about a centre, sorted */
    int *score;   /* with its sign */
    double *probability;
};

static void workspace_release(struct workspace *space)
{
    free(space->by_order);
    free(space->sorted);
    free(space->size);
    free(space->score);
    free(space->probability);
}

static int workspace_init(struct workspace *space, const struct steady_pairs *pairs)
{
    size_t count = pairs->count + 1;
    *space = (struct workspace){
        .pairs = pairs,
        .by_order = calloc(count, sizeof(double)),
        .sorted = calloc(count, sizeof(double)),
        .size = calloc(count, sizeof(double)),
        .score = calloc(count, sizeof(int)),
        .probability = calloc(count, STEADY_SHIFT_SCORE * sizeof(double)),
    };
    if (space->by_order != NULL && space->sorted != NULL && space->size != NULL &&
        space->score != NULL && space->probability != NULL)
        return 0;
    workspace_release(space);
    errno = ENOMEM;
    return -1;
}

/* ---- scores --------------------------------------------------------------------- */

static double quantile(const double *sorted, size_t count, double share)
{
    size_t rank = (size_t)ceil(share * (double)count);
    return sorted[rank > 0 ? rank - 1 : 0];
}

/* Sizes about a centre in ascending order, from f in ascending order: from the centre outwards. */
static void sort_sizes(const struct workspace *space, double centre)
{
    size_t count = space->pairs->count, above = 0;
    while (above < count && space->sorted[above] < centre)
        above++;
    for (size_t below = above, i = 0; i < count; i++) {
        double down = below > 0 ? centre - space->sorted[below - 1] : INFINITY;
        double up = above < count ? space->sorted[above] - centre : INFINITY;
        if (down < up)
            below--;
        else
            above++;
        space->size[i] = fmin(down, up);
    }
}

/* How unlike most sizes about a centre are: small both where the f lie around it and where they lie
 * at the same distance on both sides of it, which a change makes of them. */
static double spread(const struct workspace *space, double centre)
{
    sort_sizes(space, centre);
    return quantile(space->size, space->pairs->count, FIT_HIGH) -
           quantile(space->size, space->pairs->count, FIT_LOW);
}

/* The same of all of them, no one counting for more than `most`. */
static double misfit(const struct workspace *space, double centre, double most)
{
    double sum = 0;
    sort_sizes(space, centre);
    double middle = quantile(space->size, space->pairs->count, 0.5);
    for (size_t i = 0; i < space->pairs->count; i++)
        sum += fmin(fabs(space->size[i] - middle), most);
    return sum;
}

/* None, the median, or, where a change has made two heaps of them, what lies between. When
 * the lot has put fewer than a quarter of the pairs into one order this may fail, and then there
 * may be no interval: more pairs mend it. */
static double find_centre(const struct workspace *space)
{
    size_t count = space->pairs->count;
    const double *sorted = space->sorted;
    memcpy(space->sorted, space->by_order, count * sizeof *space->sorted);
    order_statistic_sort(space->sorted, count);
    if (space->pairs->order == NULL)
        return 0;
    const double candidates[] = {0, order_statistic_median_sorted(sorted, count),
                                 (quantile(sorted, count, 0.25) + quantile(sorted, count, 0.75)) /
                                     2};
    enum { CANDIDATES = sizeof candidates / sizeof *candidates };
    double best = 0, least = INFINITY, most = INFINITY;
    for (size_t i = 0; i < CANDIDATES; i++)
        most = fmin(most, FIT_FAR * spread(space, candidates[i]));
    for (size_t i = 0; i < CANDIDATES; i++) {
        double candidate = misfit(space, candidates[i], most);
        if (candidate < least) {
            least = candidate;
            best = candidates[i];
        }
    }
    return best;
}

static int score_of(double size, double reach)
{
    double u = size / reach, rest = 1 - u * u;
    return u < 1 ? (int)lround(STEADY_SHIFT_SCORE * u * rest * rest / WEIGHT_MAXIMUM) : 0;
}

/* Fills in the scores under that shift. Returns their sum, signs and all. */
static int fill_scores(const struct workspace *space, double shift)
{
    const struct steady_pairs *pairs = space->pairs;
    int sum = 0;
    for (size_t i = 0; i < pairs->count; i++) {
        int order = pairs->order != NULL ? pairs->order[i] : 1;
        space->by_order[i] = order * (pairs->difference[i] - shift);
    }
    double centre = find_centre(space);
    sort_sizes(space, centre);
    /* Where more than that are equal to the shift, the next in size is the scale. */
    size_t at = (size_t)ceil(SCALE_QUANTILE * (double)pairs->count);
    while (at < pairs->count && space->size[at - 1] <= 0)
        at++;
    double reach = SCALE_REACH * space->size[at - 1];
    for (size_t i = 0; i < pairs->count; i++) {
        int order = pairs->order != NULL ? pairs->order[i] : 1;
        double rest = order * (space->by_order[i] - centre);
        int score = reach > 0 ? score_of(fabs(rest), reach) : 0;
        sum += space->score[i] = rest < 0 ? -score : score;
    }
    return sum;
}

/* ---- p ------------------------------------------------------------------------- */

/* P of a sum as far from 0 as this when each score takes its sign by the toss of a coin. The sum of
 * the positive ones is (total + sum) / 2. */
static double p_of_sum(const struct workspace *space, int sum)
{
    size_t total = 0, reached = 0;
    double *probability = space->probability, p = 0;
    for (size_t i = 0; i < space->pairs->count; i++)
        total += (size_t)abs(space->score[i]);
    if (total == 0)
        return 1;
    memset(probability, 0, (total + 1) * sizeof *probability);
    probability[0] = 1;
    for (size_t i = 0; i < space->pairs->count; i++) {
        size_t score = (size_t)abs(space->score[i]);
        if (score == 0)
            continue;
        reached += score;
        for (size_t at = reached + 1; at-- > score;)
            probability[at] = (probability[at] + probability[at - score]) / 2;
        for (size_t at = 0; at < score; at++)
            probability[at] /= 2;
    }
    for (size_t at = 0; at <= (total - (size_t)abs(sum)) / 2; at++)
        p += probability[at];
    return fmin(1, 2 * p);
}

static double p_of_shift(const struct workspace *space, double shift)
{
    int sum = fill_scores(space, shift);
    return p_of_sum(space, sum);
}

double steady_shift_p(const struct steady_pairs *pairs, double shift)
{
    struct workspace space;
    if (pairs->count == 0)
        return 1;
    if (workspace_init(&space, pairs) != 0)
        return NAN;
    double p = p_of_shift(&space, shift);
    workspace_release(&space);
    return p;
}

/* Whether p <= alpha. Hoeffding's bound (1963), 2 exp(-sum^2 / (2 sum of squares)), spares most of
 * the work far off. */
static bool is_rejected(const struct workspace *space, double shift, double alpha)
{
    double sum = fill_scores(space, shift), squares = 0;
    for (size_t i = 0; i < space->pairs->count; i++)
        squares += space->score[i] * space->score[i];
    if (squares > 0 && 2 * exp(-sum * sum / (2 * squares)) <= alpha)
        return true;
    return p_of_sum(space, (int)sum) <= alpha;
}

/* ---- estimate and interval ------------------------------------------------------ */

/* The differences with the centre taken off, sorted, into `values`. */
static void fill_values(const struct workspace *space, double *values)
{
    const struct steady_pairs *pairs = space->pairs;
    for (size_t i = 0; i < pairs->count; i++)
        space->by_order[i] = (pairs->order != NULL ? pairs->order[i] : 1) * pairs->difference[i];
    double centre = find_centre(space);
    for (size_t i = 0; i < pairs->count; i++)
        values[i] = pairs->difference[i] - (pairs->order != NULL ? pairs->order[i] : 1) * centre;
    order_statistic_sort(values, pairs->count);
}

/* From one side of the start to the other, to where the sum of the scores changes sign nearest. */
static double find_balance(const struct workspace *space, double start)
{
    double low = start, high = start, step = FIRST_STEP;
    for (; fill_scores(space, low) <= 0 && step < FARTHEST; step *= STEP_FACTOR)
        low -= step;
    for (step = FIRST_STEP; fill_scores(space, high) >= 0 && step < FARTHEST; step *= STEP_FACTOR)
        high += step;
    while (high - low > TOLERANCE_ABSOLUTE / 10) {
        double middle = (low + high) / 2;
        int sum = fill_scores(space, middle);
        if (sum == 0)
            return middle;
        if (sum > 0)
            low = middle;
        else
            high = middle;
    }
    return (low + high) / 2;
}

/* The first shift to try outwards: an interval is a few times the scale over the root of the count
 * to either side. */
static double first_step(const struct workspace *space, double from)
{
    double count = (double)space->pairs->count;
    fill_scores(space, from);
    return fmax(FIRST_STEP,
                quantile(space->size, space->pairs->count, SCALE_QUANTILE) / sqrt(count));
}

/* The outermost shift on the side of `sign` of `from` that is not rejected, kept outside, as far as
 * it shows within STEADY_SHIFT_BEYOND times the distance. NAN: no end. */
static double find_near_end(const struct workspace *space, double from, int sign, double alpha)
{
    double first = first_step(space, from), inside = 0, outside = first, most = FARTHEST;
    for (double at = first; at < most; at *= STEP_FACTOR) {
        if (!is_rejected(space, from + sign * at, alpha)) {
            inside = at;
            outside = at * STEP_FACTOR;
            most = FARTHEST;
        } else if (most >= FARTHEST) {
            outside = at;
            most = fmin(FARTHEST / 2, at * STEADY_SHIFT_BEYOND);
        }
    }
    if (most >= FARTHEST)
        return NAN;
    while (outside - inside > TOLERANCE_ABSOLUTE + TOLERANCE_RELATIVE * outside) {
        double middle = (inside + outside) / 2;
        if (is_rejected(space, from + sign * middle, alpha))
            outside = middle;
        else
            inside = middle;
    }
    return from + sign * outside;
}

/* What is not rejected far off has a heap of differences of its own, or lies between two of them:
 * so from the farthest differences inwards, and what lies between opposite ones. `value` is sorted.
 */
static double find_end(const struct workspace *space, const double *value, double estimate,
                       int sign, double alpha)
{
    size_t last = space->pairs->count - 1;
    double end = find_near_end(space, estimate, sign, alpha);
    for (size_t i = 0; i <= last; i++) {
        double far = sign < 0 ? value[i] : value[last - i],
               middle = (value[i] + value[last - i]) / 2;
        if (sign * (far - end) > 0 && !is_rejected(space, far, alpha))
            end = find_near_end(space, far, sign, alpha);
        if (sign * (middle - end) > 0 && !is_rejected(space, middle, alpha))
            end = find_near_end(space, middle, sign, alpha);
    }
    return end;
}

static void find_interval(const struct workspace *space, const double *value, double alpha,
                          struct shift *shift)
{
    double low = find_end(space, value, shift->value, -1, alpha);
    double high = find_end(space, value, shift->value, 1, alpha);
    if (!isnan(low) && !isnan(high))
        *shift = (struct shift){shift->value, low, high, 1 - alpha};
}

int steady_shift(const struct steady_pairs *pairs, double alpha, struct shift *shift)
{
    struct workspace space;
    *shift = (struct shift){NAN, NAN, NAN, NAN};
    if (pairs->count == 0)
        return 0;
    double *value = calloc(pairs->count, sizeof *value);
    if (value == NULL || workspace_init(&space, pairs) != 0) {
        free(value);
        errno = ENOMEM;
        return -1;
    }
    fill_values(&space, value);
    shift->value = find_balance(&space, value[pairs->count / 2]);
    if (ldexp(1, 1 - (int)pairs->count) <= alpha)
        find_interval(&space, value, alpha, shift);
    workspace_release(&space);
    free(value);
    return 0;
}
