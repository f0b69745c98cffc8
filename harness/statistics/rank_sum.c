/* The rank-sum statistic, its exact distribution, and its interval; see the header. */
#include "rank_sum.h"

#include "order_statistic.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

/* Ranks are kept doubled, so that the mean rank of a tie stays a whole number. */
struct pooled {
    double value;
    bool in_b;
    unsigned doubled_rank;
};

static int compare_pooled(const void *left, const void *right)
{
    double a = ((const struct pooled *)left)->value, b = ((const struct pooled *)right)->value;
    return (a > b) - (a < b);
}

static struct pooled *pool(struct sample a, struct sample b)
{
    size_t count = a.count + b.count;
    struct pooled *pooled = calloc(count + 1, sizeof *pooled);
    if (pooled == NULL)
        return NULL;
    for (size_t i = 0; i < a.count; i++)
        pooled[i] = (struct pooled){a.values[i], false, 0};
    for (size_t i = 0; i < b.count; i++)
        pooled[a.count + i] = (struct pooled){b.values[i], true, 0};
    qsort(pooled, count, sizeof *pooled, compare_pooled);
    for (size_t first = 0, next; first < count; first = next) {
        for (next = first; next < count && pooled[next].value == pooled[first].value; next++)
            continue;
        /* Ranks first + 1 to next, whose doubled mean is their sum. */
        for (size_t i = first; i < next; i++)
            pooled[i].doubled_rank = (unsigned)(first + 1 + next);
    }
    return pooled;
}

static unsigned doubled_sum(const struct pooled *pooled, size_t count)
{
    unsigned sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += pooled[i].in_b ? pooled[i].doubled_rank : 0;
    return sum;
}

double rank_sum_statistic(struct sample a, struct sample b)
{
    struct pooled *pooled = pool(a, b);
    if (pooled == NULL)
        return NAN;
    double sum = doubled_sum(pooled, a.count + b.count) / 2.0;
    free(pooled);
    return sum;
}

/* Entry i: the probability of the doubled sum i * unit. */
struct distribution {
    double *probability;
    size_t sums, unit;
};

/* Of `chosen` ranks out of all, each choice being as likely. Row c of the table counts the ways to
 * choose c; the ranks come one by one, and rows from the last one up so that none is chosen
 * twice. Counts reach C(100, 50) = 1e29: doubles, all terms positive. Without ties all doubled
 * ranks are even, so that half the table will do. */
static int exact_distribution(const struct pooled *pooled, size_t count, size_t chosen,
                              struct distribution *distribution)
{
    size_t unit = 2, width = 1;
    double total = 0;
    for (size_t i = 0; i < count; i++)
        unit = pooled[i].doubled_rank % 2 != 0 ? 1 : unit;
    for (size_t i = count - chosen; i < count; i++)
        width += pooled[i].doubled_rank / unit;
    double *ways = calloc((chosen + 1) * width, sizeof *ways);
    if (ways == NULL)
        return -1;
    ways[0] = 1;
    for (size_t i = 0; i < count; i++) {
        size_t rank = pooled[i].doubled_rank / unit;
        for (size_t c = i < chosen ? i + 1 : chosen; c > 0; c--)
            for (size_t sum = rank; sum < width; sum++)
                ways[c * width + sum] += ways[(c - 1) * width + sum - rank];
    }
    double *last = ways + chosen * width;
    for (size_t sum = 0; sum < width; sum++)
        total += last[sum];
    for (size_t sum = 0; sum < width; sum++)
        ways[sum] = last[sum] / total;
    *distribution = (struct distribution){ways, width, unit};
    return 0;
}

static double normal_cumulative(double z)
{
    return erfc(-z / M_SQRT2) / 2;
}

/* P(sum <= doubled) and P(sum >= doubled). */
struct tails {
    double below, above;
};

/* Mean and variance of a sum of ranks drawn without replacement. */
static struct tails normal_tails(const struct pooled *pooled, size_t count, size_t chosen,
                                 double doubled)
{
    double n = (double)count, m = (double)chosen, sum = 0, squares = 0;
    for (size_t i = 0; i < count; i++)
        sum += pooled[i].doubled_rank;
    for (size_t i = 0; i < count; i++)
        squares += (pooled[i].doubled_rank - sum / n) * (pooled[i].doubled_rank - sum / n);
    double mean = m * sum / n, deviation = sqrt(m * (n - m) / (n * (n - 1)) * squares);
    if (!(deviation > 0))
        return (struct tails){1, 1};
    /* The correction is half a rank: one, doubled. */
    return (struct tails){normal_cumulative((doubled - mean + 1) / deviation),
                          normal_cumulative((mean - doubled + 1) / deviation)};
}

static int find_tails(const struct pooled *pooled, size_t count, size_t chosen, struct tails *tails)
{
    size_t doubled = doubled_sum(pooled, count);
    struct distribution exact;
    if (chosen > RANK_SUM_EXACT_MAXIMUM || count - chosen > RANK_SUM_EXACT_MAXIMUM) {
        *tails = normal_tails(pooled, count, chosen, (double)doubled);
        return 0;
    }
    if (exact_distribution(pooled, count, chosen, &exact) != 0)
        return -1;
    *tails = (struct tails){0, 0};
    for (size_t i = 0; i < exact.sums; i++) {
        size_t sum = i * exact.unit;
        tails->below += sum <= doubled ? exact.probability[i] : 0;
        tails->above += sum >= doubled ? exact.probability[i] : 0;
    }
    free(exact.probability);
    return 0;
}

double rank_sum_p(struct sample a, struct sample b, enum tail tail)
{
    struct tails tails;
    if (a.count == 0 || b.count == 0)
        return 1;
    struct pooled *pooled = pool(a, b);
    if (pooled == NULL)
        return NAN;
    int result = find_tails(pooled, a.count + b.count, b.count, &tails);
    free(pooled);
    if (result != 0)
        return NAN;
    if (tail == TAIL_GREATER)
        return tails.above;
    if (tail == TAIL_LESS)
        return tails.below;
    return fmin(1, 2 * fmin(tails.below, tails.above));
}

/* The largest c with 2 P(U <= c - 1) <= alpha, 0 if none, and that probability; U counts, without
 * ties, the pairs in which `b` is the larger. */
static int interval_rank(size_t a_count, size_t b_count, double alpha, double *outside,
                         size_t *rank)
{
    size_t count = a_count + b_count, most = a_count * b_count / 2;
    double cumulated = 0;
    struct distribution exactly = {NULL, 0, 0};
    bool exact = a_count <= RANK_SUM_EXACT_MAXIMUM && b_count <= RANK_SUM_EXACT_MAXIMUM;
    struct pooled *plain = calloc(count, sizeof *plain);
    if (plain == NULL)
        return -1;
    for (size_t i = 0; i < count; i++)
        plain[i].doubled_rank = (unsigned)(2 * (i + 1));
    if (exact && exact_distribution(plain, count, b_count, &exactly) != 0) {
        free(plain);
        return -1;
    }
    size_t least = b_count * (b_count + 1) / 2; /* the sum of ranks where U is 0 */
    for (*rank = 0, *outside = 0; *rank < most; ++*rank) {
        size_t sum = least + *rank;
        cumulated = exact ? cumulated + exactly.probability[sum]
                          : normal_tails(plain, count, b_count, 2 * (double)sum).below;
        if (2 * cumulated > alpha)
            break;
        *outside = 2 * cumulated;
    }
    free(exactly.probability);
    free(plain);
    return 0;
}

int rank_sum_shift(struct sample a, struct sample b, double alpha, struct shift *shift)
{
    size_t count = a.count * b.count, rank;
    double outside;
    *shift = (struct shift){NAN, NAN, NAN, NAN};
    if (count == 0)
        return 0;
    double *differences = reallocarray(NULL, count, sizeof *differences);
    if (differences == NULL || interval_rank(a.count, b.count, alpha, &outside, &rank) != 0) {
        free(differences);
        errno = ENOMEM;
        return -1;
    }
    for (size_t i = 0; i < a.count; i++)
        for (size_t j = 0; j < b.count; j++)
            differences[i * b.count + j] = b.values[j] - a.values[i];
    order_statistic_sort(differences, count);
    shift->value = order_statistic_median_sorted(differences, count);
    if (rank > 0) {
        shift->low = differences[rank - 1];
        shift->high = differences[count - rank];
        shift->level = 1 - outside;
    }
    free(differences);
    return 0;
}
